/** Intel's untrusted runtime, called directly: create and destroy, no shim in between. */
@NullMarked
package dev.reseal.urts;

import org.jspecify.annotations.NullMarked;
