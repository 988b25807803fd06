package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Limits;
import dev.reseal.platform.Image;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.VerifyKey;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/**
 * What a supervisor is told when it starts.
 *
 * @param directory of the lineage (transport T8), mode 0700
 * @param name of the lineage, for people
 * @param lineage 16 bytes
 * @param sigstruct the 1808 bytes that sign the image's measurement
 * @param publicAddress where clients connect; port 0: the same port as last time, or any
 * @param certificate the PEM that the authority must present
 * @param operators whose requests are passed on
 * @param key {@code K_S}; policy says what it may ask for
 * @param holdMs how long a connection is parked at most
 * @param checkpointMs pause between the checkpoints that are advised; 0 advises none
 */
public record Settings(
    Path directory,
    String name,
    Bytes lineage,
    Image image,
    Bytes sigstruct,
    InetSocketAddress publicAddress,
    URI authority,
    Path certificate,
    List<VerifyKey> operators,
    SigningKey key,
    Limits limits,
    long holdMs,
    long checkpointMs) {
  public Settings {
    operators = List.copyOf(operators);
  }
}
