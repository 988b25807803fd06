/** The trusted side: what it stores, decides and refuses. */
@NullMarked
package dev.reseal.authority;

import org.jspecify.annotations.NullMarked;
