/** The world itself is tested first, then the code in it. */
@NullMarked
package dev.reseal.simulation;

import org.jspecify.annotations.NullMarked;
