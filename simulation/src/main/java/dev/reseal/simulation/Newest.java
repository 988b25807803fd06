package dev.reseal.simulation;

import java.util.LinkedHashMap;
import java.util.Map;

/** What one thread computed and need not compute again; the oldest is forgotten. */
final class Newest<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1;
  private static final int MOST = 4_096;

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > MOST;
  }
}
