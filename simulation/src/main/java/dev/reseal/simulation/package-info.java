/** Test-only: a whole world on one thread from one seed. */
@NullMarked
package dev.reseal.simulation;

import org.jspecify.annotations.NullMarked;
