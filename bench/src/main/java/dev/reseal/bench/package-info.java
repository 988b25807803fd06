/** Benchmarks, run by hand: never part of a test. */
@NullMarked
package dev.reseal.bench;

import org.jspecify.annotations.NullMarked;
