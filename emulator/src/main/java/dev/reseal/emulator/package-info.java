/** The emulated platform: CPU, driver and quoting in one daemon. */
@NullMarked
package dev.reseal.emulator;

import org.jspecify.annotations.NullMarked;
