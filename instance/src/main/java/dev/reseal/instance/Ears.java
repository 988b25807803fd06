package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.LogMessage.LogHead;
import dev.reseal.wire.Message;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Signed;
import java.util.Optional;

/** What an instance believes: messages signed by {@code K_A}, and of those the newest log head. */
final class Ears {
  private final Trust trust;
  private final Identity identity;
  private Optional<Signed<LogHead>> newest = Optional.empty();

  Ears(Trust trust, Identity identity) {
    this.trust = trust;
    this.identity = identity;
  }

  /** A message of {@code K_A} for this lineage. */
  <M extends Message> Signed<M> hear(Class<M> type, Bytes cose) {
    Signed<M> signed = Signed.verify(type, cose, trust.authority());
    ours(signed.message().head().lineage());
    return signed;
  }

  private void ours(Bytes lineage) {
    if (!lineage.equals(trust.lineage())) {
      throw new RefusedException(Code.LINEAGE_MISMATCH, "a message for lineage " + lineage);
    }
  }

  /** A log head inside a message, if its own signature holds; a bad one ends the message. */
  Signed<LogHead> logHead(Bytes cose) {
    return Signed.verify(LogHead.class, cose, trust.authority());
  }

  /** Keeps a log head that {@link #logHead} has checked. */
  void learn(Signed<LogHead> head) {
    if (newest.map(known -> head.message().seq() > known.message().seq()).orElse(true)) {
      newest = Optional.of(head);
    }
  }

  Optional<Bytes> newestLogHead() {
    return newest.map(Signed::cose);
  }

  Essentials policy(Bytes encoded) {
    Essentials policy = Essentials.decode(encoded);
    ours(policy.lineage());
    Bytes digest = Essentials.digest(encoded);
    if (!trust.policyDigest().map(digest::equals).orElse(true)) {
      throw new RefusedException(
          Code.POLICY_REFUSED, "the image fixes another policy than " + digest);
    }
    return policy;
  }

  /** A passport of this instance, activated in that epoch at that fence, for everybody. */
  Signed<Passport> passport(Bytes cose, long epoch, long fence) {
    Signed<Passport> signed = hear(Passport.class, cose);
    Passport passport = signed.message();
    if (!names(passport.instanceId())
        || !passport.instanceKey().equals(identity.signature().verifyKey())
        || !passport.tlsKeyDigest().equals(identity.tls().verifyKey().spki().sha256())) {
      throw new RefusedException(Code.BINDING_MISMATCH, "a passport of another instance");
    }
    if (passport.nonce().isPresent()) {
      throw new RefusedException(Code.BINDING_MISMATCH, "a passport made for one relying party");
    }
    current(passport.head(), epoch, fence);
    return signed;
  }

  /** Refuses what was signed in another epoch, or in this one before its activation. */
  static void current(Head head, long epoch, long fence) {
    if (head.epoch() != epoch || head.fence() < fence) {
      throw new RefusedException(
          Code.FENCED,
          "signed in epoch "
              + head.epoch()
              + " at fence "
              + head.fence()
              + ", we are of epoch "
              + epoch
              + ", fence "
              + fence);
    }
  }

  /** Whether a message names this instance. */
  boolean names(Bytes instanceId) {
    return instanceId.equals(identity.instanceId());
  }
}
