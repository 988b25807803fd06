package dev.reseal.cli;

import dev.reseal.proof.Finding.Proven;
import java.time.Instant;

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
        .put("generations_destroyed", proven.destroyedGens().toString());
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
