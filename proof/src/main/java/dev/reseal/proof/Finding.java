package dev.reseal.proof;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Kind;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** What a proof comes to. */
public sealed interface Finding {
  /**
   * The authority saw and decided this; its own honesty is not provable here.
   *
   * @param before measurement of the instance that was replaced; empty in genesis
   * @param platformKind 1 SGX, 2 emulated
   * @param committedMs milliseconds since 1970
   * @param destroyedGens generations that were retired afterwards
   * @param phaseMicros by number of the phase, as the supervisor reported them: not evidence
   */
  record Proven(
      Bytes lineage,
      Bytes opId,
      Kind kind,
      long epoch,
      long fence,
      long gen,
      Bytes bodyId,
      Optional<Bytes> before,
      Bytes after,
      Bytes instanceId,
      long platformKind,
      Bytes platformId,
      long committedMs,
      List<Bytes> destroyedWrapIds,
      List<Long> destroyedGens,
      SortedMap<Long, Long> phaseMicros)
      implements Finding {}

  /** The first field that fails, by its name in protocol 24, and why. */
  record Refused(String field, String detail) implements Finding {}
}
