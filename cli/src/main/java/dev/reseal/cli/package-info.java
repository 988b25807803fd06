/** The reseal command: wiring, flags and words. */
@NullMarked
package dev.reseal.cli;

import org.jspecify.annotations.NullMarked;
