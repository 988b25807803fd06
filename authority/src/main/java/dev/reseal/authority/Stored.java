package dev.reseal.authority;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.WireError;
import java.util.Optional;

/** How an answer is kept: one byte that says of what kind it is, then its bytes. */
final class Stored {
  /** What is left of an answer that carried a key which is destroyed now. */
  static final Bytes DESTROYED = Bytes.hex("00");

  private static final Bytes NOTHING = Bytes.hex("01");
  private static final Bytes ANSWER = Bytes.hex("02");

  private Stored() {}

  static Bytes answer(Bytes body) {
    return Bytes.concat(ANSWER, body);
  }

  static Bytes nothing() {
    return NOTHING;
  }

  static Reply reply(Bytes stored) {
    if (stored.equals(NOTHING)) {
      return new Reply.Nothing();
    }
    if (stored.equals(DESTROYED)) {
      return new Reply.Refused(
          WireError.of(Code.KEY_DESTROYED, "the answer carried a key that is destroyed"));
    }
    return new Reply.Answer(body(stored));
  }

  private static Bytes body(Bytes stored) {
    return stored.slice(1, stored.size() - 1);
  }

  /** What was kept under that key, without its kind. */
  static Optional<Bytes> kept(Store store, AnswerKey key) {
    return store.answer(key).map(Stored::body);
  }
}
