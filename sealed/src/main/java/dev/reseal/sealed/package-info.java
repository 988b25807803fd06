/** The RSC1 container: sealed state, streamed in and out. */
@NullMarked
package dev.reseal.sealed;

import org.jspecify.annotations.NullMarked;
