package dev.reseal.wire;

import dev.reseal.bytes.Bytes;

/** The authority's log and the proof made from it. */
public sealed interface LogMessage extends Message {

  /**
   * 17: one event of the register.
   *
   * @param previous hash of the entry before; zeros for the first
   * @param wallTime milliseconds since 1970
   */
  record Entry(Head head, long seq, Bytes previous, Bytes event, Bytes rowDigest, long wallTime)
      implements LogMessage {
    static Entry read(Head head, Fields fields) {
      return new Entry(
          head,
          fields.uint(10),
          fields.bytes(11, 32),
          fields.blob(12, Limits.MESSAGE),
          fields.bytes(13, 32),
          fields.uint(14));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, seq)
          .with(11, previous)
          .with(12, event)
          .with(13, rowDigest)
          .with(14, wallTime);
    }

    /** The hash of the log with this entry as its newest. */
    public Bytes hash() {
      return Digests.log(previous, payload().sha256());
    }
  }

  /** 18: number and hash of the newest entry. */
  record LogHead(Head head, long seq, Bytes hash) implements LogMessage {
    static LogHead read(Head head, Fields fields) {
      return new LogHead(head, fields.uint(10), fields.bytes(11, 32));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, seq).with(11, hash);
    }
  }

  /** 19: the authority's signature over a proof file (protocol 24). */
  record Proof(Head head, Bytes fileDigest) implements LogMessage {
    static Proof read(Head head, Fields fields) {
      return new Proof(head, fields.bytes(10, 32));
    }

    @Override
    public Cbor.Map write(Cbor.Map map) {
      return map.with(10, fileDigest);
    }
  }
}
