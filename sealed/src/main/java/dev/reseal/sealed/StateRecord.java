package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * One version of one object of the state (protocol 5.4).
 *
 * @param key CBOR of one text, integer or byte string
 * @param value CBOR of the value profile; empty for a tombstone
 */
public record StateRecord(String store, Bytes key, long version, Optional<Bytes> value) {
  private static final Bytes NULL = Cbor.nil().encode();

  /** The encoded record up to the content of its value, so that values are not copied. */
  Bytes beforeValue() {
    Bytes name = Bytes.wrap(store.getBytes(StandardCharsets.UTF_8));
    return Bytes.concat(
        Cbor.head(4, 4),
        Cbor.head(3, name.size()),
        name,
        Cbor.head(2, key.size()),
        key,
        Cbor.head(0, version),
        value.map(content -> Cbor.head(2, content.size())).orElse(NULL));
  }

  /** Shows sizes only: keys and values are the application's. */
  @Override
  public String toString() {
    return "StateRecord[%s, key of %d bytes, version %d, %s]"
        .formatted(
            store, key.size(), version, value.map(v -> v.size() + " bytes").orElse("tombstone"));
  }
}
