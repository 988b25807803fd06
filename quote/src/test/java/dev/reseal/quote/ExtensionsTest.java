package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Extensions of certificates, byte by byte. */
class ExtensionsTest {
  private static final String CRL_POINTS = "551d1f";
  private static final String BASIC_CONSTRAINTS = "551d13";
  private static final String UNHEARD_OF = "551d7f";

  private static Bytes tlv(int tag, Bytes... contents) {
    Bytes content = Bytes.concat(contents);
    return Bytes.concat(Bytes.of(new byte[] {(byte) tag, (byte) content.size()}), content);
  }

  private static CertificateExtensions read(String oid, boolean critical, Bytes value)
      throws MalformedException {
    Bytes mark = critical ? Bytes.hex("0101ff") : Bytes.EMPTY;
    Bytes extension = tlv(0x30, tlv(0x06, Bytes.hex(oid)), mark, tlv(0x04, value));
    return CertificateExtensions.read(DerReader.of("extensions", tlv(0x30, extension).toArray()));
  }

  @Test
  void onlyACriticalExtensionThatNobodyKnowsIsUnknown() throws MalformedException {
    assertThat(read(UNHEARD_OF, true, Bytes.EMPTY).unknownCritical()).isTrue();
    assertThat(read(UNHEARD_OF, false, Bytes.EMPTY).unknownCritical()).isFalse();
    assertThat(read(CRL_POINTS, true, Bytes.EMPTY).unknownCritical()).isFalse();
  }

  @Test
  void aCertificateIsACasOnlyIfItSaysTrue() throws MalformedException {
    assertThat(read(BASIC_CONSTRAINTS, true, Bytes.hex("30030101ff")).authority()).isTrue();
    assertThat(read(BASIC_CONSTRAINTS, true, Bytes.hex("3003010100")).authority()).isFalse();
    assertThat(read(BASIC_CONSTRAINTS, true, Bytes.hex("3000")).authority()).isFalse();
  }

  @Test
  void anEntryOfThePckExtensionUnderAnotherOidIsRefused() throws IOException {
    Bytes good = Bytes.of(TestPckExtension.of(new byte[16], 11).getEncoded());
    String fmspc = "060a2a864886f84d010d0104";
    assertThat(good.toHex()).containsOnlyOnce(fmspc);
    Bytes other = Bytes.hex(good.toHex().replace(fmspc, "060a2a864886f84d010d0109"));
    assertThatThrownBy(() -> PckExtension.parse(other))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("0d0109");
  }
}
