/** Lineage register, key store, evidence, policy, HTTPS service. */
@NullMarked
package dev.reseal.authority;

import org.jspecify.annotations.NullMarked;
