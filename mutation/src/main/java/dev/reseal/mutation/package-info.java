/** Tests only: {@code spec/mutations.vec}, and good messages made wrong in its ways. */
@NullMarked
package dev.reseal.mutation;

import org.jspecify.annotations.NullMarked;
