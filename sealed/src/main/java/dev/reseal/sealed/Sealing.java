package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Randomness;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/**
 * A container that is about to be written: fresh core, salt, DEK and checked slots (protocol 5.2,
 * 5.3). Each is used for one container only.
 */
public final class Sealing implements AutoCloseable {
  private final Core core;
  private final Bytes encodedCore;
  private final Bytes encodedSlots;
  private final Secret dek;

  private Sealing(Core core, Bytes encodedCore, Bytes encodedSlots, Secret dek) {
    this.core = core;
    this.encodedCore = encodedCore;
    this.encodedSlots = encodedSlots;
    this.dek = dek;
  }

  /**
   * What a core says beyond what is made fresh.
   *
   * @param epoch of the sealing instance
   * @param opId {@link Core#CHECKPOINT} for a checkpoint
   */
  public record Subject(
      Bytes lineage,
      long epoch,
      Bytes opId,
      long fence,
      Bytes instanceId,
      Optional<Bytes> logHead,
      long layout,
      Bytes policyDigest) {}

  /** Random bytes in order: DEK, stream salt, then those of the slots. */
  public static Sealing begin(
      Subject subject,
      SlotMaker.Recipients recipients,
      PlatformKeys platform,
      Randomness randomness) {
    Secret dek = randomness.secret(32);
    Bytes salt = randomness.bytes(32);
    Bytes pkOpen;
    try (StreamKeys keys = StreamKeys.derive(salt, dek)) {
      pkOpen = keys.pkOpen();
    }
    Core core =
        new Core(
            subject.lineage(),
            subject.epoch(),
            subject.opId(),
            subject.fence(),
            subject.instanceId(),
            subject.logHead(),
            subject.layout(),
            salt,
            subject.policyDigest(),
            pkOpen);
    Bytes encoded = core.encode();
    Bytes slots = new SlotMaker(platform, randomness).make(recipients, core, encoded.sha256(), dek);
    return new Sealing(core, encoded, slots, dek);
  }

  public Bytes encodedCore() {
    return encodedCore;
  }

  public Bytes encodedSlots() {
    return encodedSlots;
  }

  /** The DEK stays here for a re-wrap; it is erased on close. */
  public Secret dek() {
    return dek;
  }

  public ContainerWriter writer(OutputStream out, Workers workers) throws IOException {
    StreamKeys keys = StreamKeys.derive(core.streamSalt(), dek);
    return new ContainerWriter(out, encodedCore, encodedSlots, keys, workers);
  }

  @Override
  public void close() {
    dek.close();
  }
}
