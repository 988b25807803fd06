package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException.Rule;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * A container as whoever stores it can judge it, without a key: core and footer are the registered
 * body's, and every segment is the one that the footer commits to. Whether it opens needs both
 * halves of its key.
 */
public final class Unopened {
  private static final int CHUNK = 1 << 16;
  private static final int TAG = 16;

  private final InputStream in;
  private final List<Footer.Round> rounds = new ArrayList<>();

  private Unopened(InputStream in) {
    this.in = in;
  }

  /** Throws {@link ContainerException} by the rules of protocol 5.8 that need no key. */
  public static void check(ContainerSource source, Bytes bodyId) throws IOException {
    Envelope envelope = Envelope.read(source);
    ContainerReader.checkBody(envelope.encodedCore(), envelope.encodedFooter(), bodyId);
    try (InputStream in = new BufferedInputStream(source.open(), CHUNK)) {
      new Unopened(in).read(envelope.footer());
    }
  }

  private void read(Footer footer) throws IOException {
    Envelope.Beginning.read(in);
    int mark = mark();
    while (mark == ContainerWriter.ROUND_MARK && rounds.size() < footer.rounds().size()) {
      ContainerReader.roundNumber(in, rounds.size());
      rounds.add(round());
      mark = mark();
    }
    if (mark != ContainerWriter.FOOTER_MARK) {
      throw new ContainerException(
          Rule.MARK, "mark %02x where a round or the footer should begin".formatted(mark));
    }
    ContainerReader.counts(rounds, footer);
  }

  private Footer.Round round() throws IOException {
    MessageDigest root = Bytes.newSha256();
    long plaintextBytes = 0;
    int segments = 0;
    boolean last = false;
    while (!last) {
      int mark = mark();
      last = mark == ContainerWriter.LAST_MARK;
      if (!last && mark != ContainerWriter.SEGMENT_MARK) {
        throw new ContainerException(
            Rule.MARK, "mark %02x where a segment should begin".formatted(mark));
      }
      Bytes ciphertext = Envelope.exactly(in, ContainerReader.segmentSize(in, segments, last));
      root.update(ciphertext.sha256().toArray());
      plaintextBytes += ciphertext.size() - TAG;
      segments++;
    }
    return new Footer.Round(segments, plaintextBytes, Bytes.wrap(root.digest()));
  }

  private int mark() throws IOException {
    return Envelope.exactly(in, 1).at(0) & 0xff;
  }
}
