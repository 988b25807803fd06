/** The Java SDK: the instance state machine, state stores, sealing and restoring. */
@NullMarked
package dev.reseal.instance;

import org.jspecify.annotations.NullMarked;
