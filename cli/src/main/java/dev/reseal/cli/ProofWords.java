package dev.reseal.cli;

import dev.reseal.lifecycle.Phase;
import dev.reseal.proof.Finding.Proven;
import java.time.Instant;
import java.util.Locale;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** What a proof says, for people and programs. */
final class ProofWords {
  private static final int EMULATED = 2;

  private ProofWords() {}

  static Facts facts(Proven proven) {
    return new Facts()
        .put("verdict", "PROVEN")
        .put("operation", proven.kind().wireName())
        .put("op_id", proven.opId().toHex())
        .put("lineage", proven.lineage().toHex())
        .put("epoch", proven.epoch())
        .put("fence", proven.fence())
        .put("key_generation", proven.gen())
        .put("body_id", proven.bodyId().toHex())
        .put("mrenclave_before", proven.before().map(Object::toString).orElse("none"))
        .put("mrenclave_after", proven.after().toHex())
        .put("instance", proven.instanceId().toHex())
        .put("platform", platform(proven))
        .put("platform_id", proven.platformId().toHex())
        .put("committed", Instant.ofEpochMilli(proven.committedMs()).toString())
        .put("wrap_keys_destroyed", proven.destroyedWrapIds().size())
        .put("generations_destroyed", proven.destroyedGens().toString())
        .put("reported_ms", reported(proven.phaseMicros()));
  }

  /** Said by the supervisor, proven by nobody; empty when it said nothing. */
  static String reported(SortedMap<Long, Long> micros) {
    return micros.entrySet().stream()
        .map(each ->
            "%s %.1f"
                .formatted(
                    Phase.of(each.getKey().intValue()).name().toLowerCase(Locale.ROOT),
                    each.getValue() / 1000.0))
        .collect(Collectors.joining(", "));
  }

  static String line(Proven proven) {
    return "PROVEN  %s  epoch %d  fence %d  key generation %d  body %s..  platform %s"
        .formatted(
            proven.kind().wireName(),
            proven.epoch(),
            proven.fence(),
            proven.gen(),
            proven.bodyId().toHex().substring(0, 16),
            platform(proven));
  }

  private static String platform(Proven proven) {
    return proven.platformKind() == EMULATED ? "EMULATED (no security)" : "SGX";
  }
}
