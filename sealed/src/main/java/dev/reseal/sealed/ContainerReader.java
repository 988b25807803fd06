package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.sealed.SegmentCipher.RoundKey;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Limits;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Reads one container as a stream (protocol 5.6, steps 6 to 8). Records go to a private staging
 * store as they are authenticated; they count only when {@link #read} returns.
 */
public final class ContainerReader {
  private static final int TAG = SegmentCipher.TAG;

  private final InputStream in;
  private final Bytes core;
  private final Bytes coreDigest;
  private final StreamKeys keys;
  private final RecordParser records;
  private final Pipeline pipeline;
  private final List<Footer.Round> rounds = new ArrayList<>();
  private MessageDigest root = Bytes.newSha256();
  private long plaintextBytes;
  private long position;

  private ContainerReader(
      InputStream in, Bytes core, StreamKeys keys, Workers workers, Consumer<StateRecord> staging) {
    this.in = in;
    this.core = core;
    this.coreDigest = core.sha256();
    this.keys = keys;
    this.records = new RecordParser(staging);
    this.pipeline = new Pipeline(workers, this::authenticated);
  }

  /**
   * The commitment and the footer's mac, before anything is decrypted: for a container whose footer
   * is known from its end.
   */
  public static void checkFooter(Envelope envelope, StreamKeys keys) {
    commitment(envelope.core(), keys);
    mac(keys, envelope.coreDigest(), envelope.footer());
  }

  /**
   * Decrypts and verifies a whole container.
   *
   * @param core as granted; the file must begin with exactly it
   * @return the encoded footer, whose body_id the caller compares with the registered one
   */
  public static Bytes read(
      InputStream in, Bytes core, StreamKeys keys, Workers workers, Consumer<StateRecord> staging)
      throws IOException {
    return new ContainerReader(in, core, keys, workers, staging).read();
  }

  private Bytes read() throws IOException {
    Envelope.Beginning beginning = Envelope.Beginning.read(in);
    if (!beginning.encodedCore().equals(core)) {
      throw new ContainerException(Rule.CORE_DIGEST, "the file has another core than was granted");
    }
    commitment(beginning.core(), keys);
    position = beginning.size();
    while (true) {
      int mark = mark();
      if (mark == ContainerWriter.FOOTER_MARK) {
        return end();
      }
      if (mark != ContainerWriter.ROUND_MARK) {
        throw new ContainerException(
            Rule.MARK, "mark %02x where a round or the footer should begin".formatted(mark));
      }
      round();
    }
  }

  private void round() throws IOException {
    roundNumber(in, rounds.size());
    position += 4;
    RoundKey key;
    try (var okm = keys.round(coreDigest, rounds.size())) {
      key = RoundKey.of(okm);
    }
    root = Bytes.newSha256();
    plaintextBytes = 0;
    int segments = 0;
    boolean last = false;
    while (!last) {
      if (segments == Integer.MAX_VALUE) {
        throw new ContainerException(Rule.LENGTH, "a round of 2^31 segments");
      }
      last = segment(key, segments);
      segments++;
    }
    pipeline.drain();
    records.endOfRound();
    rounds.add(new Footer.Round(segments, plaintextBytes, Bytes.wrap(root.digest())));
  }

  private boolean segment(RoundKey key, int segment) throws IOException {
    int mark = mark();
    boolean last = mark == ContainerWriter.LAST_MARK;
    if (!last && mark != ContainerWriter.SEGMENT_MARK) {
      throw new ContainerException(
          Rule.MARK, "mark %02x where a segment should begin".formatted(mark));
    }
    int size = segmentSize(in, segment, last);
    SegmentCipher flight = pipeline.take();
    Envelope.fill(in, flight.ciphertext(size), size);
    position += 4 + size;
    flight.received(size, last);
    pipeline.submit(flight, each -> each.decrypt(key, segment));
    return last;
  }

  private void authenticated(SegmentCipher segment) {
    root.update(segment.hashed());
    plaintextBytes += segment.plaintextSize();
    records.accept(segment.plaintext(segment.plaintextSize()), segment.plaintextSize());
  }

  private Bytes end() throws IOException {
    long offset = position - 1;
    Bytes encoded = Envelope.exactly(in, Envelope.length(in, Limits.FOOTER, "footer"));
    Bytes trailer = Envelope.exactly(in, 16);
    if (trailer.slice(0, 8).buffer().getLong() != offset
        || !trailer.slice(8, 8).equals(ContainerWriter.END)
        || in.read() != -1) {
      throw new ContainerException(Rule.TRAILER, "the trailer is wrong or not the end");
    }
    Footer footer = Footer.decode(encoded);
    counts(rounds, footer);
    mac(keys, coreDigest, footer);
    return encoded;
  }

  /** What a round begins with: rounds are numbered from 0. */
  static void roundNumber(InputStream in, int expected) throws IOException {
    long number = Integer.toUnsignedLong(Envelope.exactly(in, 4).buffer().getInt());
    if (number != expected || number >= Limits.ROUNDS) {
      throw new ContainerException(
          Rule.MARK, "round " + number + " where round " + expected + " should be");
    }
  }

  /** The length that a segment begins with: all but the last one are full. */
  static int segmentSize(InputStream in, int segment, boolean last) throws IOException {
    long size = Integer.toUnsignedLong(Envelope.exactly(in, 4).buffer().getInt());
    boolean fits =
        last
            ? size <= Core.SEGMENT + TAG && size >= (segment == 0 ? TAG : TAG + 1)
            : size == Core.SEGMENT + TAG;
    if (!fits) {
      throw new ContainerException(Rule.LENGTH, "segment " + segment + " of " + size + " bytes");
    }
    return (int) size;
  }

  /** What was read against what the footer says. */
  static void counts(List<Footer.Round> rounds, Footer footer) {
    if (footer.rounds().size() != rounds.size()) {
      throw new ContainerException(
          Rule.COUNTS, rounds.size() + " rounds, the footer says " + footer.rounds().size());
    }
    for (int i = 0; i < rounds.size(); i++) {
      Footer.Round found = rounds.get(i);
      Footer.Round said = footer.rounds().get(i);
      if (found.segments() != said.segments() || found.plaintextBytes() != said.plaintextBytes()) {
        throw new ContainerException(Rule.COUNTS, "round " + i + " has other counts");
      }
      if (!found.ctRoot().equals(said.ctRoot())) {
        throw new ContainerException(Rule.CT_ROOT, "round " + i + " has another ct_root");
      }
    }
  }

  private static void mac(StreamKeys keys, Bytes coreDigest, Footer footer) {
    Bytes mac = keys.footerMac(coreDigest, footer.macInput());
    if (!MessageDigest.isEqual(mac.toArray(), footer.mac().toArray())) {
      throw new ContainerException(Rule.FOOTER_MAC, "the footer is not authentic");
    }
  }

  private static void commitment(Core core, StreamKeys keys) {
    if (!MessageDigest.isEqual(core.pkOpen().toArray(), keys.pkOpen().toArray())) {
      throw new ContainerException(Rule.PK_OPEN, "these keys are not those of the core");
    }
  }

  /** Compares in the end what the caller knows from a grant. */
  public static void checkBody(Bytes core, Bytes footer, Bytes bodyId) {
    Bytes found = Digests.body(core, footer);
    if (!found.equals(bodyId)) {
      throw new ContainerException(Rule.BODY_ID, "body " + found + ", granted was " + bodyId);
    }
  }

  private int mark() throws IOException {
    int mark = Envelope.exactly(in, 1).at(0) & 0xff;
    position++;
    return mark;
  }
}
