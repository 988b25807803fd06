package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Limits;
import dev.reseal.platform.Image;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.VerifyKey;
import java.util.List;

/**
 * What a supervisor is told when it starts.
 *
 * @param name of the lineage, for people
 * @param lineage 16 bytes
 * @param sigstruct the 1808 bytes that sign the image's measurement
 * @param operators whose requests are passed on
 * @param key {@code K_S}; policy says what it may ask for
 * @param checkpointMs pause between the checkpoints that are advised; 0 advises none
 */
public record Settings(
    String name,
    Bytes lineage,
    Image image,
    Bytes sigstruct,
    List<VerifyKey> operators,
    SigningKey key,
    Limits limits,
    long checkpointMs) {
  public Settings {
    operators = List.copyOf(operators);
  }
}
