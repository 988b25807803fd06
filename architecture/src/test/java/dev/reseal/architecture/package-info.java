/** Rules about the code itself: direction of arrows, purity, words that must not appear. */
@NullMarked
package dev.reseal.architecture;

import org.jspecify.annotations.NullMarked;
