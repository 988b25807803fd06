package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Limits;
import dev.reseal.wire.WireException;
import java.util.Optional;

/**
 * How a container was begun (protocol 5.2).
 *
 * @param opId zeros for a checkpoint
 * @param fence of the operation, or of the sealer's activation
 * @param logHead newest log head known to the sealer
 * @param layout version of the SDK's own stores
 * @param pkOpen commits to the DEK (5.3)
 */
public record Core(
    Bytes lineage,
    long epoch,
    Bytes opId,
    long fence,
    Bytes instanceId,
    Optional<Bytes> logHead,
    long layout,
    Bytes streamSalt,
    Bytes policyDigest,
    Bytes pkOpen) {
  /** Plaintext bytes of a segment. */
  public static final int SEGMENT = 1_048_576;

  /** {@code op_id} of a checkpoint. */
  public static final Bytes CHECKPOINT = Bytes.zeros(16);

  public Bytes encode() {
    return Cbor.map()
        .with(1, 1)
        .with(2, lineage)
        .with(3, epoch)
        .with(4, opId)
        .with(5, fence)
        .with(6, instanceId)
        .with(7, 1)
        .with(8, logHead)
        .with(9, layout)
        .with(10, streamSalt)
        .with(11, SEGMENT)
        .with(12, policyDigest)
        .with(13, pkOpen)
        .encode();
  }

  /** Throws {@link ContainerException} with rule STRUCTURE for anything but one core. */
  public static Core decode(Bytes encoded) {
    try {
      Fields fields = Fields.ofMap(encoded, "core");
      fields.uint(1, 1, 1);
      fields.uint(7, 1, 1);
      fields.uint(11, SEGMENT, SEGMENT);
      return fields.end(
          new Core(
              fields.bytes(2, 16),
              fields.uint(3),
              fields.bytes(4, 16),
              fields.uint(5),
              fields.bytes(6, 32),
              fields.blobOrNull(8, Limits.CORE),
              fields.uint(9),
              fields.bytes(10, 32),
              fields.bytes(12, 32),
              fields.bytes(13, 32)));
    } catch (WireException refused) {
      throw ContainerException.structure("core", refused);
    }
  }
}
