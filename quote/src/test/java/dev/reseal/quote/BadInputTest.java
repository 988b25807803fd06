package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Any bytes as quote or collateral: a named refusal, never an exception, never acceptance. */
class BadInputTest {
  private GoodQuote good;

  @BeforeEach
  void build() throws Exception {
    good = GoodQuote.build();
  }

  @Test
  void bombsAreRefusedInTime() {
    List<Bytes> bombs = new ArrayList<>();
    bombs.add(Bytes.ascii("{\"tcbInfo\":" + "[".repeat(100_000)));
    bombs.add(Bytes.ascii("{\"tcbInfo\":" + "{\"a\":".repeat(100_000)));
    bombs.add(Bytes.ascii("{\"tcbInfo\":{\"version\":" + "9".repeat(100_000) + "}}"));
    bombs.add(Bytes.ascii("{\"tcbInfo\":{\"version\":3.0},\"signature\":\"\"}"));
    bombs.add(Bytes.ascii("{\"tcbInfo\":{\"version\":1e99999999},\"signature\":\"\"}"));
    bombs.add(Bytes.concat(Bytes.ascii("{\"tcbInfo\":\""), Bytes.hex("c080"), Bytes.ascii("\"}")));
    bombs.add(Bytes.ascii("x".repeat(2_000_000)));
    bombs.add(Bytes.wrap(nested(50_000)));
    bombs.add(Bytes.hex("3084ffffffff"));
    bombs.add(Bytes.hex("3080"));
    bombs.add(Bytes.ascii("-----BEGIN CERTIFICATE-----\n".repeat(10_000)));
    bombs.add(Bytes.EMPTY);
    bombs.add(utf16(good.part(Part.TCB_INFO)));
    for (Bytes bomb : bombs) {
      for (Part part : Part.values()) {
        if (part != Part.PCK_CRL_ISSUER_CHAIN) {
          ParsersFuzzTest.bounded(bomb.toArray(), bytes -> good.judged(part, bytes));
          assertThat(good.judged(part, bomb)).isInstanceOf(Verdict.Refused.class);
        }
      }
      ParsersFuzzTest.bounded(bomb.toArray(), good::judged);
      assertThat(good.judged(bomb)).isInstanceOf(Verdict.Refused.class);
    }
  }

  private static Bytes utf16(Bytes text) {
    String all = new String(text.toArray(), StandardCharsets.UTF_8);
    return Bytes.wrap(all.getBytes(StandardCharsets.UTF_16LE));
  }

  private static byte[] nested(int depth) {
    byte[] bytes = new byte[depth * 5];
    for (int i = 0; i < depth; i++) {
      int left = bytes.length - i * 5 - 5;
      bytes[i * 5] = 0x30;
      bytes[i * 5 + 1] = (byte) 0x83;
      bytes[i * 5 + 2] = (byte) (left >>> 16);
      bytes[i * 5 + 3] = (byte) (left >>> 8);
      bytes[i * 5 + 4] = (byte) left;
    }
    return bytes;
  }

  @Test
  void theOtherHalfOfASignatureVerifiesToo() {
    byte[] quote = good.quote().toArray();
    var order =
        new java.math.BigInteger(
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);
    int at = 48 + 384 + 4 + 32;
    byte[] s = order.subtract(new java.math.BigInteger(1, quote, at, 32)).toByteArray();
    int size = Math.min(s.length, 32);
    Arrays.fill(quote, at, at + 32, (byte) 0);
    System.arraycopy(s, s.length - size, quote, at + 32 - size, size);
    assertThat(good.judged(Bytes.wrap(quote))).isEqualTo(good.expected());
  }

  @Test
  void revocationListsAreReadInThreeForms() {
    Bytes der = good.part(Part.PCK_CRL);
    Bytes pem = Bytes.ascii(TestPki.pem("X509 CRL", der.toArray()));
    assertThat(good.judged(Part.PCK_CRL, pem)).isEqualTo(good.expected());
    assertThat(good.judged(Part.PCK_CRL, Bytes.ascii(der.toHex() + "\n")))
        .isEqualTo(good.expected());
    assertThat(
            good.judged(Part.PCK_CRL, Bytes.ascii(der.toHex().toUpperCase(java.util.Locale.ROOT))))
        .isEqualTo(good.expected());
  }

  @Test
  void anEpidQuoteIsNamed() {
    for (int version : new int[] {0, 1, 2, 6}) {
      Bytes quote = Bytes.concat(TestPki.u16(version), Bytes.zeros(1200));
      assertThat(good.judged(quote))
          .isInstanceOfSatisfying(
              Verdict.Refused.class,
              refused ->
                  assertThat(refused.detail().contains("EPID"))
                      .as("version %d", version)
                      .isEqualTo(version == 1 || version == 2));
    }
  }

  @Test
  void whatAQuoteNeedsIsReadFromIt() throws Exception {
    Origin origin = Origin.of(good.quote());
    assertThat(origin)
        .isEqualTo(new Origin(Tee.SGX, Bytes.hex(TestPki.FMSPC), Origin.Authority.PLATFORM));
    assertThat(CollateralSummary.of(good.built().collateral()).lines())
        .hasSize(Part.values().length);
    String text = new String(good.built().rootPem().toArray(), StandardCharsets.US_ASCII);
    assertThat(text).startsWith("-----BEGIN CERTIFICATE-----");
  }
}
