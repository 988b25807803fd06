package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateCrtKey;
import org.junit.jupiter.api.Test;

class SigStructTest {
  private static final SigStruct SIGNED =
      SigStruct.sign(
          SigStruct.Body.of(Bytes.hex("ab".repeat(32)), 7, 3, 0x20261124), Samples.SIGNER);

  @Test
  void whatWeSignVerifies() throws MalformedException {
    SigStruct read = SigStruct.parse(SIGNED.encode());
    assertThat(read).isEqualTo(SIGNED);
    assertThat(read.check()).isEqualTo(new SignatureCheck.Genuine(SIGNED.modulus().sha256()));
  }

  @Test
  void everySignedByteIsCovered() throws MalformedException {
    Bytes bytes = SIGNED.encode();
    int refused = 0;
    for (int offset = 0; offset < SigStruct.SIZE; offset++) {
      byte[] changed = bytes.toArray();
      changed[offset] ^= 0x10;
      try {
        assertThat(SigStruct.parse(Bytes.wrap(changed)).check())
            .as("byte %d", offset)
            .isInstanceOf(SignatureCheck.Forged.class);
      } catch (MalformedException malformed) {
        refused++;
      }
    }
    assertThat(refused).isEqualTo(12 + 4 + 4 + 16 + 84 + 4 + 4 + 16 + 12);
  }

  @Test
  void eachWrongPartIsNamed() {
    assertThat(
            part(
                new SigStruct(
                    SIGNED.body(), SIGNED.modulus(), SIGNED.q1(), SIGNED.q1(), SIGNED.q2())))
        .isEqualTo(SignatureCheck.Part.SIGNATURE);
    assertThat(
            part(
                new SigStruct(
                    SIGNED.body(), SIGNED.modulus(), SIGNED.signature(), SIGNED.q2(), SIGNED.q2())))
        .isEqualTo(SignatureCheck.Part.Q1);
    assertThat(
            part(
                new SigStruct(
                    SIGNED.body(), SIGNED.modulus(), SIGNED.signature(), SIGNED.q1(), SIGNED.q1())))
        .isEqualTo(SignatureCheck.Part.Q2);
    assertThat(
            part(
                new SigStruct(
                    SIGNED.body(), Bytes.zeros(384), SIGNED.signature(), SIGNED.q1(), SIGNED.q2())))
        .isEqualTo(SignatureCheck.Part.MODULUS);
  }

  @Test
  void aWrongHeaderExponentOrVendorIsNamedWithItsOffset() {
    assertThatThrownBy(() -> SigStruct.parse(flipped(0)))
        .hasMessage(
            "SIGSTRUCT at offset 0: found 07000000e100000000000100, expected"
                + " 06000000e100000000000100");
    assertThatThrownBy(() -> SigStruct.parse(flipped(16)))
        .hasMessage("SIGSTRUCT at offset 16: found 0x1, expected 0x0 or 0x8086");
    assertThatThrownBy(() -> SigStruct.parse(flipped(512)))
        .hasMessage("SIGSTRUCT at offset 512: found 02000000, expected 03000000");
  }

  @Test
  void whatSigningAgainWouldMakeIsKnownByBodyKeyAndSignature() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(1024);
    RSAPrivateCrtKey other = (RSAPrivateCrtKey) generator.generateKeyPair().getPrivate();
    SigStruct forged =
        new SigStruct(SIGNED.body(), SIGNED.modulus(), SIGNED.q1(), SIGNED.q1(), SIGNED.q2());
    assertThat(SIGNED.isOf(SIGNED.body(), Samples.SIGNER)).isTrue();
    assertThat(
            SIGNED.isOf(
                SigStruct.Body.of(Bytes.hex("ab".repeat(32)), 7, 4, 0x20261124), Samples.SIGNER))
        .isFalse();
    assertThat(SIGNED.isOf(SIGNED.body(), other)).isFalse();
    assertThat(forged.isOf(SIGNED.body(), Samples.SIGNER)).isFalse();
  }

  @Test
  void onlyAnRsa3072KeyWithExponent3MaySign() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    RSAPrivateCrtKey other = (RSAPrivateCrtKey) generator.generateKeyPair().getPrivate();
    assertThatThrownBy(() -> SigStruct.sign(SIGNED.body(), other))
        .hasMessageContaining("2048 bits and exponent 65537");
  }

  private static Bytes flipped(int offset) {
    byte[] changed = SIGNED.encode().toArray();
    changed[offset] ^= 1;
    return Bytes.wrap(changed);
  }

  private static SignatureCheck.Part part(SigStruct sigStruct) {
    return switch (sigStruct.check()) {
      case SignatureCheck.Forged(SignatureCheck.Part part) -> part;
      case SignatureCheck.Genuine genuine -> throw new AssertionError(genuine);
    };
  }
}
