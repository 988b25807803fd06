package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is checked before a provider is asked, each limit from both sides. */
class P256Test {
  private static final BigInteger PRIME =
      new BigInteger("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16);
  private static final BigInteger B =
      new BigInteger("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 16);
  private static final BigInteger ORDER =
      new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);

  private static Bytes number(BigInteger value) {
    return Bytes.hex("%064x".formatted(value));
  }

  private static boolean inRange(BigInteger half) {
    return P256.inRange(Bytes.concat(Bytes.zeros(32), number(half)).toArray(), 32);
  }

  @Test
  void halvesOfSignaturesAreFrom1ToTheOrderLess1() {
    assertThat(inRange(BigInteger.ONE)).isTrue();
    assertThat(inRange(ORDER.subtract(BigInteger.ONE))).isTrue();
    assertThat(inRange(BigInteger.ONE.shiftLeft(255))).isTrue();
    assertThat(inRange(BigInteger.ZERO)).isFalse();
    assertThat(inRange(ORDER)).isFalse();
    assertThat(inRange(ORDER.add(BigInteger.ONE))).isFalse();
  }

  /** The y of the point with this x; the prime is 3 modulo 4, so a power is the root. */
  private static BigInteger y(BigInteger x) {
    BigInteger square = x.pow(3).subtract(x.multiply(BigInteger.valueOf(3))).add(B).mod(PRIME);
    BigInteger root = square.modPow(PRIME.add(BigInteger.ONE).shiftRight(2), PRIME);
    assertThat(root.multiply(root).mod(PRIME)).isEqualTo(square);
    return root;
  }

  @Test
  void aKeyIsAPointOfTheCurveInItsOnlyForm() {
    BigInteger x = BigInteger.valueOf(5);
    Bytes point = Bytes.concat(number(x), number(y(x)));
    assertThat(P256.onCurve(point)).isTrue();
    assertThat(P256.onCurve(Bytes.concat(number(BigInteger.ZERO), number(y(BigInteger.ZERO)))))
        .isTrue();
    for (Bytes other :
        List.of(
            Bytes.concat(number(x), number(y(x).add(BigInteger.ONE))),
            Bytes.concat(number(x.add(PRIME)), number(y(x))),
            Bytes.concat(number(PRIME), number(y(BigInteger.ZERO))),
            point.slice(0, 63),
            Bytes.concat(point, Bytes.zeros(1)))) {
      assertThat(P256.onCurve(other)).as(other.toHex()).isFalse();
      assertThat(P256.ofJdk().key(other)).isEmpty();
    }
  }

  @Test
  void yIsBelowThePrimeToo() {
    Bytes xOfOne = Bytes.hex("09e78d4ef60d05f750f6636209092bc43cbdd6b47e11a9de20a9feb2a50bb96c");
    assertThat(P256.onCurve(Bytes.concat(xOfOne, number(BigInteger.ONE)))).isTrue();
    assertThat(P256.onCurve(Bytes.concat(xOfOne, number(PRIME.add(BigInteger.ONE))))).isFalse();
  }

  @Test
  void eachProviderAnswersNoToWhatIsNoSignature() {
    KeyPair pair = CertSpec.newKey("secp256r1");
    Bytes message = Bytes.ascii("message");
    Bytes good = TestPki.sign(pair, message);
    for (P256 p256 : List.of(P256.ofJdk(), P256.fastest())) {
      PublicKey key = p256.key(TestPki.point(pair.getPublic())).orElseThrow();
      assertThat(p256.verifies(key, message, good)).isTrue();
      assertThat(p256.verifies(key, Bytes.EMPTY, good)).isFalse();
      assertThat(p256.verifies(key, message, good.slice(0, 63))).isFalse();
      assertThat(p256.verifies(key, message, Bytes.concat(good, Bytes.zeros(1)))).isFalse();
      for (Bytes half : List.of(Bytes.zeros(32), number(ORDER))) {
        assertThat(p256.verifies(key, message, Bytes.concat(half, good.slice(32, 32)))).isFalse();
        assertThat(p256.verifies(key, message, Bytes.concat(good.slice(0, 32), half))).isFalse();
      }
    }
  }

  /** Agrees with whatever it is asked. */
  public static class Agreeing extends SignatureSpi {
    @Override
    protected void engineInitVerify(PublicKey key) {}

    @Override
    protected void engineInitSign(PrivateKey key) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected void engineUpdate(byte b) {}

    @Override
    protected void engineUpdate(byte[] bytes, int from, int size) {}

    @Override
    protected byte[] engineSign() {
      throw new UnsupportedOperationException();
    }

    @Override
    protected boolean engineVerify(byte[] signature) throws SignatureException {
      return true;
    }

    @Deprecated
    @Override
    protected void engineSetParameter(String name, Object value) {
      throw new UnsupportedOperationException();
    }

    @Deprecated
    @Override
    protected Object engineGetParameter(String name) {
      throw new UnsupportedOperationException();
    }
  }

  /** Fails as a provider may that meets a signature of a form it does not know. */
  public static final class Failing extends Agreeing {
    @Override
    protected boolean engineVerify(byte[] signature) throws SignatureException {
      throw new SignatureException("another form");
    }
  }

  private static final class Other extends Provider {
    private static final long serialVersionUID = 1;

    Other(List<Class<? extends Agreeing>> signatures) {
      super("Other", "1", "for tests");
      signatures.forEach(s -> put("Signature.SHA256withECDSAinP1363Format", s.getName()));
    }
  }

  @Test
  void noProviderIsAskedAboutHalvesOutOfRange() {
    P256 agreeing = new P256(new Other(List.of(Agreeing.class)));
    PublicKey key = CertSpec.newKey("secp256r1").getPublic();
    Bytes one = number(BigInteger.ONE);
    assertThat(agreeing.verifies(key, Bytes.EMPTY, Bytes.concat(one, one))).isTrue();
    for (Bytes half : List.of(Bytes.zeros(32), number(ORDER))) {
      assertThat(agreeing.verifies(key, Bytes.EMPTY, Bytes.concat(half, one))).isFalse();
      assertThat(agreeing.verifies(key, Bytes.EMPTY, Bytes.concat(one, half))).isFalse();
    }
    assertThat(agreeing.verifies(key, Bytes.EMPTY, Bytes.concat(one, one, one))).isFalse();
  }

  @Test
  void aProviderThatCannotReadASignatureSaysNo() {
    KeyPair pair = CertSpec.newKey("secp256r1");
    Bytes good = TestPki.sign(pair, Bytes.EMPTY);
    PublicKey key = pair.getPublic();
    assertThat(new P256(new Other(List.of(Failing.class))).verifies(key, Bytes.EMPTY, good))
        .isFalse();
    assertThatThrownBy(() -> new P256(new Other(List.of())).verifies(key, Bytes.EMPTY, good))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Other 1 cannot verify");
  }
}
