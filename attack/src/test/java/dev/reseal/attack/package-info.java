/** A hostile host with nothing but a host's powers, against a naive baseline and against Reseal. */
@NullMarked
package dev.reseal.attack;

import org.jspecify.annotations.NullMarked;
