package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException.Rule;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The private store into which a container is read (protocol 5.4, 5.6): the highest version of each
 * (store, key) wins, two records of one version must be equal. It becomes the store only after the
 * whole container was verified.
 */
public final class Staging implements Consumer<StateRecord> {
  private final SortedMap<String, Map<Bytes, StateRecord>> stores = new TreeMap<>();
  private final long most;
  private long size;
  private long highest;

  /** Refuses a state of more than {@code most} bytes of keys and values (POLICY). */
  public Staging(long most) {
    this.most = most;
  }

  @Override
  public void accept(StateRecord record) {
    Map<Bytes, StateRecord> store =
        stores.computeIfAbsent(record.store(), _ -> new LinkedHashMap<>());
    StateRecord known = store.get(record.key());
    highest = Math.max(highest, record.version());
    if (known == null) {
      size += size(record);
      store.put(record.key(), record);
    } else if (record.version() > known.version()) {
      size += size(record) - size(known);
      store.put(record.key(), record);
    } else if (record.version() == known.version() && !record.equals(known)) {
      throw new ContainerException(
          Rule.RECORD, "two different records of version " + record.version());
    }
    if (size > most) {
      throw new ContainerException(
          Rule.POLICY, "the state is larger than state_max, " + most + " bytes");
    }
  }

  private static long size(StateRecord record) {
    return (long) record.key().size() + record.value().map(Bytes::size).orElse(0);
  }

  /** The newest record of every key, tombstones included, by store. */
  public SortedMap<String, Map<Bytes, StateRecord>> stores() {
    return stores;
  }

  /** The newest record of every key of one store, tombstones included. */
  public Collection<StateRecord> records(String store) {
    return stores.getOrDefault(store, Map.of()).values();
  }

  /** No restored record has a version above this. */
  public long highestVersion() {
    return highest;
  }
}
