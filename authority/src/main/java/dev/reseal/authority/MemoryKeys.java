package dev.reseal.authority;

import dev.reseal.bytes.Secret;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A key store without a disk, for simulations. */
public final class MemoryKeys implements KeyStore {
  private final Map<String, Secret> keys = new TreeMap<>();

  @Override
  public void put(String name, Secret key) {
    if (keys.putIfAbsent(name, key.copy()) != null) {
      throw new IllegalArgumentException("the key store has a key named " + name);
    }
  }

  @Override
  public void replace(String name, Secret key) {
    Optional.ofNullable(keys.put(name, key.copy())).ifPresent(Secret::close);
  }

  @Override
  public Optional<Secret> get(String name) {
    return Optional.ofNullable(keys.get(name)).map(Secret::copy);
  }

  @Override
  public void destroy(String name) {
    Optional.ofNullable(keys.remove(name)).ifPresent(Secret::close);
  }

  @Override
  public Set<String> names() {
    return Set.copyOf(keys.keySet());
  }

  @Override
  public void close() {
    keys.values().forEach(Secret::close);
    keys.clear();
  }
}
