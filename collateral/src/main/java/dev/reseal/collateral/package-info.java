/** Fetching, caching and loading collateral (PCS, PCCS, folders). */
@NullMarked
package dev.reseal.collateral;

import org.jspecify.annotations.NullMarked;
