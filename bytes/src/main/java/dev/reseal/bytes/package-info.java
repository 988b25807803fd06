/** Byte strings as values, secrets that are erased, bounded reading; JDK only. */
@NullMarked
package dev.reseal.bytes;

import org.jspecify.annotations.NullMarked;
