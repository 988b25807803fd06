package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Claims;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Head;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.X25519;

/** The keys that an instance makes at birth; never sealed, never exported (protocol 4). */
record Identity(SigningKey signature, X25519.Pair kem, SigningKey tls, Bytes instanceId) {
  static Identity generate(Randomness randomness) {
    SigningKey signature = SigningKey.generate(randomness);
    X25519.Pair kem = X25519.Pair.generate(randomness);
    SigningKey tls = SigningKey.generate(randomness);
    Bytes id = Digests.instanceId(signature.verifyKey(), kem.publicKey(), tls.verifyKey());
    return new Identity(signature, kem, tls, id);
  }

  Claims claims(Head challenge, Bytes nonce) {
    return new Claims(
        challenge.lineage(),
        challenge.opId(),
        challenge.fence(),
        nonce,
        signature.verifyKey(),
        kem.publicKey(),
        tls.verifyKey());
  }
}
