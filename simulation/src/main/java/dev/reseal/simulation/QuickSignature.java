package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.InvalidKeyException;
import java.security.InvalidParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.security.interfaces.ECPrivateKey;
import java.util.Map;
import java.util.Optional;

/**
 * ES256 whose signatures take their {@link Nonce} from few, by the seed. What was signed in this
 * thread is remembered, message and signature, with the key; a key's first signature that verifies
 * tells its public half. From then on the same bytes under the same key are known to verify and are
 * not computed again. Whatever differs in one bit is.
 */
final class QuickSignature extends SignatureSpi {
  static final String ALGORITHM = "SHA256withECDSAinP1363Format";
  static final String JDK = "SunEC";
  private static final ThreadLocal<Known> KNOWN = ThreadLocal.withInitial(Known::new);

  private final Provider verifier;
  private final ByteArrayOutputStream message = new ByteArrayOutputStream();
  private Optional<Signer> signer = Optional.empty();
  private Optional<PublicKey> publicKey = Optional.empty();

  QuickSignature(Provider verifier) {
    this.verifier = verifier;
  }

  private record Signer(BigInteger secret, SecureRandom chance) {}

  /** {@code message}: its digest. */
  private record Made(Bytes message, Bytes signature) {
    static Made of(byte[] message, byte[] signature) {
      return new Made(Bytes.wrap(message).sha256(), Bytes.of(signature));
    }
  }

  private static final class Known {
    private final Map<Made, BigInteger> made = new Newest<>();
    private final Map<BigInteger, PublicKey> publicHalves = new Newest<>();
  }

  @Override
  protected void engineInitSign(PrivateKey key) throws InvalidKeyException {
    engineInitSign(key, new SecureRandom());
  }

  @Override
  protected void engineInitSign(PrivateKey key, SecureRandom random) throws InvalidKeyException {
    if (!(key instanceof ECPrivateKey secret)) {
      throw new InvalidKeyException("not a private key of P-256");
    }
    signer = Optional.of(new Signer(secret.getS(), random));
  }

  @Override
  protected void engineInitVerify(PublicKey key) {
    publicKey = Optional.of(key);
  }

  @Override
  protected void engineUpdate(byte one) {
    message.write(one);
  }

  @Override
  protected void engineUpdate(byte[] from, int offset, int size) {
    message.write(from, offset, size);
  }

  private byte[] taken() {
    byte[] all = message.toByteArray();
    message.reset();
    return all;
  }

  @Override
  protected byte[] engineSign() {
    Signer by = signer.orElseThrow();
    byte[] content = taken();
    byte[] signature = Nonce.of(by.chance()).sign(content, by.secret());
    KNOWN.get().made.put(Made.of(content, signature), by.secret());
    return signature;
  }

  @Override
  protected boolean engineVerify(byte[] signature) throws SignatureException {
    PublicKey key = publicKey.orElseThrow();
    byte[] content = taken();
    Known known = KNOWN.get();
    BigInteger signed = known.made.get(Made.of(content, signature));
    if (signed != null && key.equals(known.publicHalves.get(signed))) {
      return true;
    }
    boolean verifies = verified(key, content, signature);
    if (signed != null && verifies) {
      known.publicHalves.put(signed, key);
    }
    return verifies;
  }

  private boolean verified(PublicKey key, byte[] content, byte[] signature)
      throws SignatureException {
    try {
      Signature whole = Signature.getInstance(ALGORITHM, verifier);
      whole.initVerify(key);
      whole.update(content);
      return whole.verify(signature);
    } catch (NoSuchAlgorithmException | InvalidKeyException refused) {
      throw new SignatureException(refused);
    }
  }

  @Override
  @Deprecated
  protected void engineSetParameter(String name, Object value) {
    throw new InvalidParameterException(ALGORITHM + " has no parameters");
  }

  @Override
  @Deprecated
  protected Object engineGetParameter(String name) {
    throw new InvalidParameterException(ALGORITHM + " has no parameters");
  }
}
