package dev.reseal.authority;

import dev.reseal.authority.Row.Incumbent;
import dev.reseal.authority.Row.Lease;
import dev.reseal.authority.Row.StateHead;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage.Renew;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Signed;
import java.util.Optional;

/** Passports, and how long a takeover waits for them (protocol 6.4, 12). */
final class Passports {
  private final Desk desk;

  Passports(Desk desk) {
    this.desk = desk;
  }

  /** The row of a new epoch with its first passport. */
  Row first(Row row, Incumbent incumbent) {
    return issue(row, incumbent, incumbent.opId(), false);
  }

  /** Renew: only by the active instance, about the newest passport, within the rekey grace. */
  Row renew(Row row, Incumbent incumbent, Renew message) {
    Bytes newest =
        row.lease()
            .passport()
            .map(newestPassport -> newestPassport.sha256())
            .orElse(Bytes.zeros(32));
    Denied.unless(
        message.passportDigest().equals(newest),
        Code.FENCED,
        "STALE_PASSPORT",
        "the renewal names another passport than the newest; status has that one");
    boolean lagging = message.genInstalled() < row.gen();
    long graceMs = row.policy().dials().rekeyGraceS() * 1_000;
    Denied.unless(
        !lagging || desk.now().wallMs() <= row.rekeyedAtMs() + graceMs,
        Code.POLICY_REFUSED,
        "REKEY_GRACE",
        "generation " + row.gen() + " was not installed within " + graceMs / 1_000 + " s");
    return issue(row, incumbent, message.head().opId(), lagging);
  }

  /** An online passport: ends no later than the newest one, needs no write. */
  Bytes online(Row row, Incumbent incumbent, Bytes nonce) {
    Passport newest = newest(row);
    return desk.sign(
        passport(
            row,
            incumbent,
            newest.head().opId(),
            newest.notAfter(),
            (newest.flags() & Passport.FLAG_GENERATION_LAGGING) != 0,
            Optional.of(nonce)));
  }

  private Passport newest(Row row) {
    Bytes cose = row.lease().passport().orElseThrow();
    return Signed.verify(Passport.class, cose, desk.key().verifyKey()).message();
  }

  private Row issue(Row row, Incumbent incumbent, Bytes opId, boolean lagging) {
    long life = row.policy().dials().lifeMs();
    long until = desk.now().wallMs() + life;
    Passport passport = passport(row, incumbent, opId, until, lagging, Optional.empty());
    return row.withLease(
        new Lease(
            Math.max(row.lease().untilMs(), until),
            Math.max(life, waitLife(row)),
            Optional.of(desk.sign(passport))));
  }

  private Passport passport(
      Row row,
      Incumbent incumbent,
      Bytes opId,
      long until,
      boolean lagging,
      Optional<Bytes> nonce) {
    Identity identity = incumbent.identity();
    StateHead head = row.head().orElseThrow();
    long flags =
        incumbent.flags()
            | (lagging ? Passport.FLAG_GENERATION_LAGGING : 0)
            | (identity.relaxed() ? Passport.FLAG_RELAXED_TCB : 0)
            | (row.policy().demo() ? Passport.FLAG_DEMO_POLICY : 0);
    return new Passport(
        new Head(row.lineage(), opId, row.fence(), row.epoch()),
        identity.instanceId(),
        identity.signatureKey(),
        identity.tlsKeyDigest(),
        row.gen(),
        head.digest(),
        identity.mrenclave(),
        identity.platformKind(),
        desk.now().wallMs(),
        until,
        flags,
        desk.logHead(),
        nonce);
  }

  /** A lowered life counts once the old one has run out on the clock of this writer. */
  private long waitLife(Row row) {
    long longest = row.lease().waitLifeMs();
    long lowered = row.policy().dials().lifeMs();
    boolean over = desk.now().sincePolicyMs() >= longest + 2 * row.policy().dials().skewMs();
    return over ? Math.min(longest, lowered) : longest;
  }

  /** Milliseconds until no passport can be valid any more: both clocks of protocol 12. */
  long waitMs(Row row) {
    long skew = row.policy().dials().skewMs();
    long byWall = row.lease().untilMs() + skew + 1 - desk.now().wallMs();
    long byMonotonic = waitLife(row) + 2 * skew - desk.now().sinceIssueMs();
    return Math.max(0, Math.max(byWall, byMonotonic));
  }
}
