/** The loop on the host: event, decide, journal, effect; relay; control socket. */
@NullMarked
package dev.reseal.supervisor;

import org.jspecify.annotations.NullMarked;
