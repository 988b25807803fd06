/** Deterministic CBOR, COSE, HPKE and the messages of the protocol. */
@NullMarked
package dev.reseal.wire;

import org.jspecify.annotations.NullMarked;
