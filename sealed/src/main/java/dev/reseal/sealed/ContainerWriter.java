package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.SegmentCipher.RoundKey;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Limits;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes one container as a stream (protocol 5.1, 5.4): rounds of records, then the footer. A
 * segment is encrypted at most once; after an {@link IOException} the container is abandoned and a
 * new one begun with fresh core, salt and DEK.
 */
public final class ContainerWriter implements AutoCloseable {
  static final Bytes MAGIC = Bytes.hex("525343310d0a1a0a");
  static final Bytes END = Bytes.hex("52534331454e440a");
  static final int ROUND_MARK = 0x52;
  static final int SEGMENT_MARK = 0x53;
  static final int LAST_MARK = 0x4c;
  static final int FOOTER_MARK = 0x46;

  private final OutputStream out;
  private final Bytes core;
  private final Bytes coreDigest;
  private final Bytes slots;
  private final StreamKeys keys;
  private final Pipeline pipeline;
  private final List<Footer.Round> rounds = new ArrayList<>();
  private long written;
  private RoundState state = new RoundState.Between();

  private sealed interface RoundState {
    record Between() implements RoundState {}

    record Open(RoundKey key, MessageDigest root, Counter counter, SegmentCipher filling)
        implements RoundState {}

    record Finished() implements RoundState {}
  }

  private static final class Counter {
    private int segments;
    private long bytes;
    private int fill;
  }

  /**
   * What a finished container is.
   *
   * @param core encoded
   * @param slots encoded, as in the file
   * @param footer encoded
   */
  public record Body(Bytes core, Bytes slots, Bytes footer) {
    public Bytes bodyId() {
      return Digests.body(core, footer);
    }

    public Bytes slotDigest() {
      return Digests.slots(slots);
    }

    public Bytes head() {
      return Digests.head(bodyId(), slotDigest());
    }
  }

  /** Takes over {@code keys}, which belong to {@code core}; writes magic, core and slots. */
  public ContainerWriter(
      OutputStream out, Bytes core, Bytes slots, StreamKeys keys, Workers workers)
      throws IOException {
    this.out = out;
    this.core = core;
    this.coreDigest = core.sha256();
    this.slots = slots;
    this.keys = keys;
    this.pipeline = new Pipeline(workers, this::emit);
    put(MAGIC);
    put(Bytes.u32(core.size()));
    put(core);
    put(Bytes.u32(slots.size()));
    put(slots);
  }

  public void beginRound() throws IOException {
    if (!(state instanceof RoundState.Between) || rounds.size() == Limits.ROUNDS) {
      throw new IllegalStateException("round " + rounds.size() + " cannot begin now");
    }
    put(Bytes.concat(Bytes.of(new byte[] {ROUND_MARK}), Bytes.u32(rounds.size())));
    RoundKey key;
    try (var okm = keys.round(coreDigest, rounds.size())) {
      key = RoundKey.of(okm);
    }
    state = new RoundState.Open(key, Bytes.newSha256(), new Counter(), pipeline.take());
  }

  /** Adds a record to the round that is open. */
  public void write(StateRecord record) throws IOException {
    Bytes beginning = record.beforeValue();
    int size = beginning.size() + record.value().map(Bytes::size).orElse(0);
    if (size > Limits.RECORD) {
      throw new IllegalArgumentException(
          record + " takes " + size + " bytes, more than " + Limits.RECORD);
    }
    plaintext(Bytes.concat(Bytes.u32(size), beginning).buffer());
    if (record.value().isPresent()) {
      plaintext(record.value().get().buffer());
    }
  }

  void plaintext(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      RoundState.Open open = open();
      Counter counter = open.counter();
      if (counter.fill == Core.SEGMENT) {
        submit(open, false);
        state = new RoundState.Open(open.key(), open.root(), counter, pipeline.take());
        continue;
      }
      int size = Math.min(bytes.remaining(), Core.SEGMENT - counter.fill);
      bytes.get(open.filling().plaintext(counter.fill + size), counter.fill, size);
      counter.fill += size;
    }
  }

  public void endRound() throws IOException {
    RoundState.Open open = open();
    submit(open, true);
    pipeline.drain();
    Counter counter = open.counter();
    Bytes root = Bytes.wrap(open.root().digest());
    rounds.add(new Footer.Round(counter.segments, counter.bytes, root));
    state = new RoundState.Between();
  }

  /** Writes footer and trailer; the receipt may be used only once the file is durable (5.7). */
  public Body finish(long seq, long gen, long genFloor) throws IOException {
    if (!(state instanceof RoundState.Between) || rounds.isEmpty()) {
      throw new IllegalStateException("a container is finished after a round");
    }
    Footer unsigned = new Footer(rounds, Bytes.zeros(32), seq, gen, genFloor);
    Bytes mac = keys.footerMac(coreDigest, unsigned.macInput());
    Bytes footer = new Footer(rounds, mac, seq, gen, genFloor).encode();
    long offset = written;
    put(Bytes.concat(Bytes.of(new byte[] {FOOTER_MARK}), Bytes.u32(footer.size()), footer));
    put(Bytes.concat(Bytes.u64(offset), END));
    out.flush();
    state = new RoundState.Finished();
    return new Body(core, slots, footer);
  }

  private void submit(RoundState.Open open, boolean last) {
    Counter counter = open.counter();
    int segment = counter.segments++;
    counter.bytes += counter.fill;
    open.filling().filled(counter.fill, last);
    counter.fill = 0;
    pipeline.submit(open.filling(), each -> each.encrypt(open.key(), segment));
  }

  private void emit(SegmentCipher segment) throws IOException {
    byte[] head = new byte[5];
    ByteBuffer.wrap(head)
        .put((byte) (segment.last() ? LAST_MARK : SEGMENT_MARK))
        .putInt(segment.ciphertextSize());
    out.write(head);
    out.write(segment.ciphertext(segment.ciphertextSize()), 0, segment.ciphertextSize());
    written += head.length + segment.ciphertextSize();
    open().root().update(segment.hashed());
  }

  private RoundState.Open open() {
    if (state instanceof RoundState.Open open) {
      return open;
    }
    throw new IllegalStateException("no round is open");
  }

  private void put(Bytes bytes) throws IOException {
    out.write(bytes.toArray());
    written += bytes.size();
  }

  @Override
  public void close() {
    keys.close();
  }
}
