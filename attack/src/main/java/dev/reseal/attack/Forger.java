package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.MachineDevice;
import dev.reseal.wire.AuthorityMessage.Challenge;
import dev.reseal.wire.Claims;
import dev.reseal.wire.InstanceMessage.GrantRequest;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.X25519;
import java.util.Optional;

/**
 * A candidate that does not do what an instance does. Where it shows a quote of an admitted image,
 * read: the attacker owns such an instance and has it quote what is passed in.
 */
final class Forger {
  private final Host host;
  private final SigningKey key = SigningKey.generate(Randomness.system());
  private final SigningKey tls = SigningKey.generate(Randomness.system());
  private final X25519.Pair kem = X25519.Pair.generate(Randomness.system());
  private final Challenge challenge;
  private final Bytes claims;

  Forger(Host host, Bytes opId) {
    this.host = host;
    this.challenge = Signed.peek(Challenge.class, host.challenge(opId));
    this.claims = claims(key, challenge.nonce());
  }

  Bytes claims() {
    return claims;
  }

  private Bytes claims(SigningKey signature, Bytes nonce) {
    return new Claims(
            host.site.lineage,
            challenge.head().opId(),
            challenge.head().fence(),
            nonce,
            signature.verifyKey(),
            kem.publicKey(),
            tls.verifyKey())
        .encode();
  }

  private Bytes quote(Bytes reportData) {
    return new MachineDevice(host.site.machine, Enclave.admitted()).quoted(reportData);
  }

  private Bytes signed(Bytes said, Bytes quote, SigningKey by) {
    return Signed.sign(new GrantRequest(challenge.head(), said, quote, Optional.empty()), by)
        .cose();
  }

  /** What an admitted image would send. */
  Bytes grantRequest() {
    return signed(claims, quote(Claims.reportData(claims)), key);
  }

  /** A quote made for one key, presented with the claims of another. */
  Bytes withOtherClaims() {
    SigningKey other = SigningKey.generate(Randomness.system());
    return signed(claims(other, challenge.nonce()), quote(Claims.reportData(claims)), other);
  }

  /** Claims with the nonce that was used in an earlier grant-request. */
  Bytes withNonceOf(Bytes earlier) {
    Bytes used = Claims.decode(Signed.peek(GrantRequest.class, earlier).claims()).nonce();
    Bytes stale = claims(key, used);
    return signed(stale, quote(Claims.reportData(stale)), key);
  }

  /** Our claims with a quote over something else. */
  Bytes quotedAs(Bytes reportData) {
    return signed(claims, quote(reportData), key);
  }

  /** What an honest candidate said, under our own name: the state was never opened. */
  Bytes ready(Bytes honest) {
    Ready said = Signed.peek(Ready.class, honest);
    return Signed.sign(
            new Ready(
                challenge.head(),
                Claims.decode(claims).instanceId(),
                said.bodyId(),
                said.coreDigest(),
                said.slots(),
                Optional.empty(),
                said.openingProof()),
            key)
        .cose();
  }
}
