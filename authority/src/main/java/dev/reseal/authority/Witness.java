package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.LogMessage.LogHead;
import dev.reseal.wire.Signed;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireException;

/** Log heads that others remember (protocol 14.2): a signed one ahead of ours means a rollback. */
final class Witness {
  private Witness() {}

  /** Whether {@code message} is a head signed by {@code K_A} that our log cannot have produced. */
  static boolean accuses(Bytes message, VerifyKey authority, Store.Tail tail) {
    try {
      LogHead head = Signed.verify(LogHead.class, message, authority).message();
      return head.seq() > tail.seq()
          || (head.seq() == tail.seq() && !head.hash().equals(tail.hash()));
    } catch (WireException unsigned) {
      // An unsigned or badly signed head has no effect (T26).
      return false;
    }
  }
}
