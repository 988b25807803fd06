package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireException;
import dev.reseal.wire.X25519;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import javax.crypto.KeyAgreement;
import org.junit.jupiter.api.Test;

/** The curves of simulated worlds give what the JDK gives. */
class QuickCurvesTest {
  private static final Chance CHANCE = new Chance(7);
  private static final Bytes MESSAGE = Bytes.ascii("a message");

  static {
    QuickCurves.install();
  }

  private final SigningKey key = SigningKey.generate(CHANCE.bytes());
  private final SigningKey other = SigningKey.generate(CHANCE.bytes());

  /**
   * By name: a world with a seeded error has classes of its own, and may have installed its own.
   */
  @Test
  void worldsUseThem() throws GeneralSecurityException {
    Signature signature = Signature.getInstance(QuickSignature.ALGORITHM);
    signature.initVerify(key.verifyKey().publicKey());
    assertThat(signature.getProvider().getName()).isEqualTo(QuickCurves.NAME);
    assertThat(KeyAgreement.getInstance(QuickAgreement.ALGORITHM).getProvider().getName())
        .isEqualTo(QuickCurves.NAME);
  }

  @Test
  void whatWasSignedVerifiesUnderItsKeyOnlyHoweverOften() {
    Bytes made = key.sign(MESSAGE);
    for (int i = 0; i < 3; i++) {
      assertThat(other.verifyKey().verifies(MESSAGE, made)).isFalse();
      assertThat(key.verifyKey().verifies(MESSAGE, made)).isTrue();
    }
  }

  @Test
  void oneBitOfMessageOrSignatureChangedDoesNotVerify() {
    Bytes made = key.sign(MESSAGE);
    VerifyKey verifyKey = key.verifyKey();
    assertThat(verifyKey.verifies(MESSAGE, made)).isTrue();
    assertThat(verifyKey.verifies(MESSAGE, made)).isTrue();
    for (int bit = 0; bit < 8 * made.size(); bit++) {
      assertThat(verifyKey.verifies(MESSAGE, flipped(made, bit))).as("bit %d", bit).isFalse();
    }
    for (int bit = 0; bit < 8 * MESSAGE.size(); bit++) {
      assertThat(verifyKey.verifies(flipped(MESSAGE, bit), made)).as("bit %d", bit).isFalse();
    }
  }

  private static Bytes flipped(Bytes bytes, int bit) {
    byte[] content = bytes.toArray();
    content[bit / 8] ^= (byte) (1 << bit % 8);
    return Bytes.wrap(content);
  }

  @Test
  void theJdkVerifiesWhatIsSigned() throws GeneralSecurityException {
    for (int i = 0; i < 300; i++) {
      Bytes message = Bytes.u32(i);
      Signature jdk = Signature.getInstance(QuickSignature.ALGORITHM, QuickSignature.JDK);
      jdk.initVerify(key.verifyKey().publicKey());
      jdk.update(message.toArray());
      assertThat(jdk.verify(key.sign(message).toArray())).as("message %d", i).isTrue();
    }
  }

  @Test
  void anAgreementIsThatOfTheJdk() throws GeneralSecurityException {
    for (int i = 0; i < 20; i++) {
      Bytes scalar = CHANCE.bytes().bytes(X25519.SIZE);
      Bytes point = X25519.publicOf(CHANCE.bytes().secret(X25519.SIZE));
      Bytes nine = Bytes.concat(Bytes.of(new byte[] {9}), Bytes.zeros(31));
      assertThat(quick(scalar, point)).isEqualTo(ofJdk(scalar, point));
      assertThat(quick(scalar, nine)).isEqualTo(ofJdk(scalar, nine));
    }
  }

  private static Bytes quick(Bytes scalar, Bytes point) {
    try (Secret secret = Secret.own(scalar.toArray());
        Secret shared = X25519.agree(secret, point)) {
      return shared.use(Bytes::of);
    }
  }

  private static Bytes ofJdk(Bytes scalar, Bytes point) throws GeneralSecurityException {
    byte[] big = new byte[X25519.SIZE];
    for (int i = 0; i < big.length; i++) {
      big[i] = point.at(big.length - 1 - i);
    }
    KeyFactory keys = KeyFactory.getInstance("X25519");
    NamedParameterSpec curve = NamedParameterSpec.X25519;
    KeyAgreement jdk = KeyAgreement.getInstance("X25519", "SunEC");
    jdk.init(keys.generatePrivate(new XECPrivateKeySpec(curve, scalar.toArray())));
    jdk.doPhase(keys.generatePublic(new XECPublicKeySpec(curve, new BigInteger(1, big))), true);
    return Bytes.of(jdk.generateSecret());
  }

  @Test
  void aPointOfSmallOrderIsRefused() {
    for (byte u : new byte[] {0, 1}) {
      Bytes point = Bytes.concat(Bytes.of(new byte[] {u}), Bytes.zeros(31));
      assertThatThrownBy(() -> quick(CHANCE.bytes().bytes(X25519.SIZE), point))
          .isInstanceOf(WireException.class);
    }
  }
}
