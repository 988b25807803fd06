package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.Staging;
import dev.reseal.sealed.StateRecord;
import dev.reseal.wire.Cbor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The state of the lineage while it is in an instance (protocol 5.4). One counter numbers all
 * updates and starts above every restored version. Used by one thread.
 */
public final class Stores {
  /** The SDK's own stores begin with this. */
  public static final String RESERVED = "reseal/";

  private static final String SCHEMA = RESERVED + "schema";

  private final SortedMap<String, Map<Bytes, StateRecord>> stores = new TreeMap<>();
  private long version;

  /** Declares a store of the application with the version of its schema. */
  public void declare(String store, long schemaVersion) {
    if (store.startsWith(RESERVED)) {
      throw new IllegalArgumentException("store " + store + " belongs to the SDK");
    }
    write(SCHEMA, Cbor.of(store), Cbor.of(schemaVersion));
  }

  /** Sets a value of the application's; returns the number of this update. */
  public long put(String store, Cbor key, Cbor value) {
    if (schemaVersion(store).isEmpty()) {
      throw new IllegalArgumentException("store " + store + " is not declared");
    }
    return write(store, key, value);
  }

  private long write(String store, Cbor key, Cbor value) {
    Bytes encoded = key.encode(Cbor.Profile.VALUES);
    version++;
    stores
        .computeIfAbsent(store, _ -> new LinkedHashMap<>())
        .put(
            encoded,
            new StateRecord(
                store, encoded, version, Optional.of(value.encode(Cbor.Profile.VALUES))));
    return version;
  }

  /** Removes a key; returns the number of this update. */
  public long delete(String store, Cbor key) {
    stores.getOrDefault(store, Map.of()).remove(key.encode(Cbor.Profile.VALUES));
    return ++version;
  }

  public Optional<Cbor> get(String store, Cbor key) {
    Map<Bytes, StateRecord> found = stores.getOrDefault(store, Map.of());
    return Optional.ofNullable(found.get(key.encode(Cbor.Profile.VALUES)))
        .flatMap(StateRecord::value)
        .map(value -> Cbor.decode(value, Cbor.Profile.VALUES));
  }

  public int size(String store) {
    return stores.getOrDefault(store, Map.of()).size();
  }

  /** The number of the newest update. */
  public long version() {
    return version;
  }

  Optional<Long> schemaVersion(String store) {
    return get(SCHEMA, Cbor.of(store))
        .flatMap(each -> each instanceof Cbor.Int(long n) ? Optional.of(n) : Optional.empty());
  }

  /** Every record, for a container that holds the whole state. */
  List<StateRecord> records() {
    List<StateRecord> all = new ArrayList<>();
    stores.values().forEach(store -> all.addAll(store.values()));
    return all;
  }

  /** Takes over what was verified; names of stores without a schema, or with an unknown one. */
  static Stores of(Staging staging) {
    Stores stores = new Stores();
    staging
        .stores()
        .forEach((name, records) -> {
          Map<Bytes, StateRecord> kept = new LinkedHashMap<>();
          for (StateRecord record : records.values()) {
            if (record.value().isPresent()) {
              kept.put(record.key(), record);
            }
          }
          stores.stores.put(name, kept);
        });
    stores.version = staging.highestVersion();
    return stores;
  }

  /** The application's stores. */
  List<String> names() {
    return stores.keySet().stream().filter(name -> !name.startsWith(RESERVED)).toList();
  }
}
