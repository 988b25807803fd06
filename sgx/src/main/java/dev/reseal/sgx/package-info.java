/**
 * SGX structures, measurement and signing: every byte layout, no I/O beyond reading a file to
 * measure.
 */
@NullMarked
package dev.reseal.sgx;

import org.jspecify.annotations.NullMarked;
