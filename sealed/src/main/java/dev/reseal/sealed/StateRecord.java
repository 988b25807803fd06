package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/**
 * One version of one object of the state (protocol 5.4).
 *
 * @param key CBOR of one text, integer or byte string
 * @param value CBOR of the value profile; empty for a tombstone
 */
public record StateRecord(String store, Bytes key, long version, Optional<Bytes> value) {
  /** Shows sizes only: keys and values are the application's. */
  @Override
  public String toString() {
    return "StateRecord[%s, key of %d bytes, version %d, %s]"
        .formatted(
            store, key.size(), version, value.map(v -> v.size() + " bytes").orElse("tombstone"));
  }
}
