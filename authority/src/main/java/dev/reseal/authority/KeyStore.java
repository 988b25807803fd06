package dev.reseal.authority;

import dev.reseal.bytes.Secret;
import java.util.Optional;
import java.util.Set;

/**
 * Where private keys live, and nowhere else (protocol 15): never in the register, never in its
 * backups. Every call is durable when it returns.
 */
public interface KeyStore extends AutoCloseable {
  /** Stores a key under a name that has none; keeps its own copy. */
  void put(String name, Secret key);

  /** Stores a key in place of the one of that name, if any: after a crash it is one of both. */
  void replace(String name, Secret key);

  /** A copy of the key, which the caller closes; empty if there is none. */
  Optional<Secret> get(String name);

  /** Erases the key; nothing happens if there is none. */
  void destroy(String name);

  Set<String> names();

  @Override
  void close();
}
