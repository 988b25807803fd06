/** The proof file of an operation, verified offline. */
@NullMarked
package dev.reseal.proof;

import org.jspecify.annotations.NullMarked;
