/** Append-only checksummed log of intents and results. */
@NullMarked
package dev.reseal.journal;

import org.jspecify.annotations.NullMarked;
