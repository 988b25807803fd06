package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.WireException.Rule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The key generations that an activation or rekey-grant delivers (protocol 6.1), oldest first. The
 * owner closes it; its encoding passes through HPKE only.
 */
public record Keyset(List<Generation> generations) implements AutoCloseable {
  private static final int PURPOSES = 64;

  /** States of a generation that may leave the authority. */
  public enum State implements Numbered {
    ACTIVE(2),
    DEACTIVATED(3),
    COMPROMISED(4);

    private final int number;

    State(int number) {
      this.number = number;
    }

    @Override
    public int number() {
      return number;
    }

    static State of(long number) {
      return Numbered.of(values(), number, "generation state");
    }
  }

  /** One generation with the key of every purpose that policy names. */
  public record Generation(long gen, State state, SequencedMap<String, Secret> keys) {}

  public Keyset {
    generations = List.copyOf(generations);
    if (generations.isEmpty() || generations.size() > Limits.GENERATIONS) {
      throw new WireException(Rule.SIZE, "a keyset of " + generations.size() + " generations");
    }
    long last = 0;
    for (Generation each : generations) {
      if (each.gen() <= last) {
        throw new WireException(Rule.FIELD, "generation " + each.gen() + " after " + last);
      }
      last = each.gen();
    }
  }

  /** The one generation that may protect new data. */
  public Generation active() {
    Optional<Generation> found = Optional.empty();
    for (Generation each : generations) {
      if (each.state() == State.ACTIVE) {
        if (found.isPresent()) {
          throw new WireException(Rule.FIELD, "two active generations");
        }
        found = Optional.of(each);
      }
    }
    return found.orElseThrow(() -> new WireException(Rule.FIELD, "no active generation"));
  }

  /** The plaintext for HPKE. */
  public Secret encode() {
    Cbor array = Cbor.array(generations, Keyset::write);
    return Secret.own(array.encode().toArray());
  }

  private static Cbor write(Generation generation) {
    List<Cbor> keys = new ArrayList<>();
    for (Map.Entry<String, Secret> entry : generation.keys().entrySet()) {
      keys.add(Cbor.array(Cbor.of(entry.getKey()), Cbor.of(entry.getValue().use(Bytes::of))));
    }
    return Cbor.array(
        Cbor.of(generation.gen()), Cbor.of(generation.state().number()), new Cbor.Array(keys));
  }

  public static Keyset decode(Secret plaintext) {
    Bytes encoded = plaintext.use(Bytes::of);
    if (encoded.size() > Limits.KEYSET) {
      throw new WireException(Rule.SIZE, "a keyset of " + encoded.size() + " bytes");
    }
    Cbor wrapped = Cbor.array(Cbor.decode(encoded));
    return new Keyset(
        Fields.ofArray(wrapped, "keyset")
            .list(0, 1, Limits.GENERATIONS, each -> read(each.any(0))));
  }

  private static Generation read(Cbor item) {
    Fields fields = Fields.ofArray(item, "generation");
    LinkedHashMap<String, Secret> keys = new LinkedHashMap<>();
    for (Cbor pair : fields.list(2, 1, PURPOSES, each -> each.any(0))) {
      Fields entry = Fields.ofArray(pair, "key");
      String purpose = entry.text(0);
      if (keys.put(purpose, Secret.own(entry.blob(1, 4096).toArray())) != null) {
        throw new WireException(Rule.FIELD, "purpose \"" + purpose + "\" twice");
      }
      entry.end();
    }
    return fields.end(new Generation(fields.uint(0), State.of(fields.uint(1)), keys));
  }

  @Override
  public void close() {
    generations.forEach(each -> each.keys().values().forEach(Secret::close));
  }
}
