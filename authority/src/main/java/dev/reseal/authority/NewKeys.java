package dev.reseal.authority;

import dev.reseal.authority.Decision.NewKey;
import dev.reseal.authority.Keys.Gen;
import dev.reseal.authority.Keys.Wrap;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.Keyset.Generation;
import dev.reseal.wire.Limits;
import dev.reseal.wire.X25519;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;

/** Keys that an event makes, and keysets from those that exist. */
final class NewKeys {
  private static final int KEY_SIZE = 32;
  private static final int PURPOSES = 64;

  private final Row row;
  private final Desk desk;
  private final List<NewKey> made = new ArrayList<>();
  private final List<String> used = new ArrayList<>();

  NewKeys(Row row, Desk desk) {
    this.row = row;
    this.desk = desk;
  }

  List<NewKey> made() {
    return List.copyOf(made);
  }

  /** Names of added bytes that went into a generation. */
  List<String> used() {
    return List.copyOf(used);
  }

  /** A fresh wrap key; its wrap_id. */
  Bytes wrap(long fence) {
    X25519.Pair pair = X25519.Pair.generate(desk.randomness());
    Wrap wrap = new Wrap(pair.publicKey().sha256(), fence);
    made.add(new NewKey(KeyNames.wrap(row.lineage(), wrap), pair.secret()));
    return wrap.id();
  }

  /** A generation with each of these purposes: added bytes where an operator gave some. */
  Gen generation(long number, long fence, List<String> purposes) {
    Gen gen = new Gen(number, fence);
    List<Cbor> entries = new ArrayList<>();
    for (String purpose : purposes) {
      String added = KeyNames.added(row.lineage(), purpose);
      Optional<Secret> given = desk.keys().apply(added);
      given.ifPresent(_ -> used.add(added));
      try (Secret key = given.orElseGet(() -> desk.randomness().secret(KEY_SIZE))) {
        entries.add(Cbor.array(Cbor.of(purpose), Cbor.of(key.use(Bytes::of))));
      }
    }
    Secret encoded = Secret.own(new Cbor.Array(entries).encode().toArray());
    made.add(new NewKey(KeyNames.gen(row.lineage(), gen), encoded));
    return gen;
  }

  /** All generations from {@code floor} to the row's, of which only the last is active. */
  static Keyset keyset(Row row, long floor, Function<String, Secret> keys) {
    List<Generation> all = new ArrayList<>();
    for (String name : names(row, floor)) {
      try (Secret stored = keys.apply(name)) {
        long number = floor + all.size();
        boolean active = number == row.gen();
        Keyset.State state = active ? Keyset.State.ACTIVE : Keyset.State.DEACTIVATED;
        all.add(new Generation(number, state, entries(stored)));
      }
    }
    return new Keyset(all);
  }

  /** Names of the generations from {@code floor} to the row's. */
  static List<String> names(Row row, long floor) {
    List<String> names = new ArrayList<>();
    for (long number = floor; number <= row.gen(); number++) {
      long missing = number;
      Gen gen =
          row.keys()
              .gen(number)
              .orElseThrow(
                  () -> Denied.of(Code.KEY_DESTROYED, "KEY_MISSING", "no generation " + missing));
      names.add(KeyNames.gen(row.lineage(), gen));
    }
    return names;
  }

  private static SequencedMap<String, Secret> entries(Secret stored) {
    LinkedHashMap<String, Secret> keys = new LinkedHashMap<>();
    Cbor wrapped = Cbor.array(Cbor.decode(stored.use(Bytes::of)));
    for (Cbor pair :
        Fields.ofArray(wrapped, "generation").list(0, 1, PURPOSES, each -> each.any(0))) {
      Fields entry = Fields.ofArray(pair, "key");
      String purpose = entry.text(0);
      keys.put(purpose, Secret.own(entry.blob(1, 4096).toArray()));
      entry.end();
    }
    return keys;
  }

  /** Whether the keyset with the next generation still fits its message (protocol 11). */
  static boolean nextFits(Row row, long floor, List<String> purposes, Desk desk) {
    if (row.gen() - floor >= Limits.GENERATIONS - 1) {
      return false;
    }
    long size = 64;
    for (String name : names(row, floor)) {
      try (Secret stored = desk.require(name)) {
        size += stored.size() + 16;
      }
    }
    for (String purpose : purposes) {
      size += purpose.getBytes(StandardCharsets.UTF_8).length + 16L;
      try (Secret given =
          desk.keys()
              .apply(KeyNames.added(row.lineage(), purpose))
              .orElseGet(() -> Secret.own(new byte[KEY_SIZE]))) {
        size += given.size();
      }
    }
    return size <= Limits.KEYSET;
  }
}
