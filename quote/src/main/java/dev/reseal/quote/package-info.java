/** DCAP quotes and collateral: bytes to a verdict, pure, time is an argument. */
@NullMarked
package dev.reseal.quote;

import org.jspecify.annotations.NullMarked;
