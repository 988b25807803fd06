/** Phases, events, effects and recovery of an operation; pure. */
@NullMarked
package dev.reseal.lifecycle;

import org.jspecify.annotations.NullMarked;
