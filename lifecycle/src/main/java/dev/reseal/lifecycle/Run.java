package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Kind;
import java.util.Optional;

/**
 * An operation on its way.
 *
 * @param fence 0 until the authority has given one
 * @param turn grows with every phase and attempt from a number of the operation's own, so that an
 *     old alarm is known as such, also one of an earlier operation
 * @param old the instance that is replaced or rekeyed
 * @param body the container that carries the state over
 * @param stored the newest message that a restart must be able to repeat: ticket or ready
 */
public record Run(
    Kind kind,
    Bytes opId,
    long fence,
    Phase phase,
    long turn,
    Optional<String> old,
    Optional<String> candidate,
    Optional<Bytes> body,
    Optional<Bytes> receipt,
    Optional<Bytes> stored,
    Tries tries) {
  private static final int TURN_BITS = 20;

  /**
   * What was tried in this operation; {@code same} counts failures with one cause in a row, {@code
   * asks} how often the authority was not ready for the same candidate.
   */
  public record Tries(int seals, int creates, int asks, String cause, int same) {
    static final Tries NONE = new Tries(0, 0, 0, "", 0);
  }

  /** One that has just begun. */
  public static Run of(Kind kind, Bytes opId, Phase phase, Optional<String> old) {
    return new Run(
        kind,
        opId,
        0,
        phase,
        firstTurn(opId),
        old,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Tries.NONE);
  }

  /** 40 bits of the random op_id above room for a million turns. */
  private static long firstTurn(Bytes opId) {
    long number = 0;
    for (int i = 0; i < 5; i++) {
      number = (number << 8) | (opId.at(i) & 0xff);
    }
    return (number << TURN_BITS) + 1;
  }

  Run at(Phase next) {
    return new Run(kind, opId, fence, next, turn + 1, old, candidate, body, receipt, stored, tries);
  }

  Run permitted(Bytes op, long newFence) {
    long next = op.equals(opId) ? turn : firstTurn(op) + (turn & (1L << TURN_BITS) - 1);
    return new Run(kind, op, newFence, phase, next, old, candidate, body, receipt, stored, tries);
  }

  Run without(String handle) {
    return new Run(
        kind,
        opId,
        fence,
        phase,
        turn + 1,
        old.filter(h -> !h.equals(handle)),
        candidate.filter(h -> !h.equals(handle)),
        body,
        receipt,
        stored,
        tries);
  }

  Run withCandidate(String handle) {
    return new Run(
        kind, opId, fence, phase, turn, old, Optional.of(handle), body, receipt, stored, tries);
  }

  Run withBody(Bytes newBody, Optional<Bytes> newReceipt) {
    return new Run(
        kind,
        opId,
        fence,
        phase,
        turn,
        old,
        candidate,
        Optional.of(newBody),
        newReceipt,
        stored,
        tries);
  }

  Run storing(Bytes message) {
    return new Run(
        kind, opId, fence, phase, turn, old, candidate, body, receipt, Optional.of(message), tries);
  }

  Run with(Tries newTries) {
    return new Run(kind, opId, fence, phase, turn, old, candidate, body, receipt, stored, newTries);
  }

  Run sealedAgain() {
    return with(
        new Tries(tries.seals() + 1, tries.creates(), tries.asks(), tries.cause(), tries.same()));
  }

  Run createdAgain() {
    return with(
        new Tries(tries.seals(), tries.creates() + 1, tries.asks(), tries.cause(), tries.same()));
  }

  Run askedAgain() {
    return with(
        new Tries(tries.seals(), tries.creates(), tries.asks() + 1, tries.cause(), tries.same()));
  }

  /** A candidate failed; the creates start anew, since one succeeded. */
  Run failedBy(String cause) {
    int same = cause.equals(tries.cause()) ? tries.same() + 1 : 1;
    return with(new Tries(tries.seals(), 0, 0, cause, same));
  }

  boolean isOld(String handle) {
    return old.filter(handle::equals).isPresent();
  }

  boolean isCandidate(String handle) {
    return candidate.filter(handle::equals).isPresent();
  }
}
