package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.wire.Essentials;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/** The whole verification order of protocol 5.6 for a finished container. */
public final class Opening {
  private Opening() {}

  /**
   * What a grant says of a container.
   *
   * @param slots the registered ones, encoded; those in the file are never used
   * @param shares one {@code S_auth} or none per slot
   */
  public record Granted(
      Bytes lineage,
      Bytes coreDigest,
      Bytes bodyId,
      Bytes slots,
      Essentials policy,
      List<Optional<Secret>> shares) {}

  /** A state that was opened and verified in full; close it to erase the DEK. */
  public record Opened(Envelope envelope, Staging staging, Secret dek, StreamKeys keys)
      implements AutoCloseable {
    @Override
    public void close() {
      dek.close();
      keys.close();
    }
  }

  /**
   * Throws {@link ContainerException} by the first rule that fails; then nothing has left staging.
   */
  public static Opened open(
      ContainerSource source, Granted granted, PlatformKeys platform, Workers workers)
      throws IOException {
    Envelope envelope = Envelope.read(source);
    if (!envelope.core().lineage().equals(granted.lineage())) {
      throw new ContainerException(
          Rule.LINEAGE, "the state belongs to lineage " + envelope.core().lineage());
    }
    if (!envelope.coreDigest().equals(granted.coreDigest())) {
      throw new ContainerException(Rule.CORE_DIGEST, "the file has another core than was granted");
    }
    ContainerReader.checkBody(envelope.encodedCore(), envelope.encodedFooter(), granted.bodyId());
    Secret dek =
        new SlotOpener(platform)
            .openDek(
                envelope.core(),
                envelope.coreDigest(),
                Slot.decode(granted.slots()),
                granted.shares(),
                granted.policy());
    StreamKeys keys = StreamKeys.derive(envelope.core().streamSalt(), dek);
    try {
      Staging staging = stage(source, envelope, granted, keys, workers);
      return new Opened(envelope, staging, dek, keys);
    } catch (IOException | RuntimeException refused) {
      dek.close();
      keys.close();
      throw refused;
    }
  }

  private static Staging stage(
      ContainerSource source, Envelope envelope, Granted granted, StreamKeys keys, Workers workers)
      throws IOException {
    ContainerReader.checkFooter(envelope, keys);
    Staging staging = new Staging(granted.policy().stateMax());
    try (InputStream in = source.open()) {
      Bytes footer = ContainerReader.read(in, envelope.encodedCore(), keys, workers, staging);
      // The end was read first and the whole afterwards: a host may have changed the file between.
      ContainerReader.checkBody(envelope.encodedCore(), footer, granted.bodyId());
    }
    return staging;
  }
}
