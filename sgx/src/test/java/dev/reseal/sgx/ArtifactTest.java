package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ArtifactTest {
  private static final Samples SAMPLES = new Samples(21);
  private static final KeyRequest REQUEST =
      new KeyRequest(
          KeyRequest.SEAL_KEY,
          KeyRequest.POLICY_MRSIGNER,
          3,
          SAMPLES.bytes(16),
          new Attributes(0xFF0000000000000BL, 0),
          SAMPLES.bytes(32),
          0xF0000000,
          0);
  private static final SdkSealed BLOB =
      new SdkSealed(REQUEST, SAMPLES.bytes(16), SAMPLES.bytes(10), SAMPLES.bytes(5));

  @Test
  void structuresAreToldBySizeAndSayThatThisIsAGuess() throws MalformedException {
    Report report = new Report(SAMPLES.reportBody(), SAMPLES.bytes(32), SAMPLES.bytes(16));
    assertThat(read(report.encode())).isEqualTo(guess(new Artifact.ReportFile(report)));
    assertThat(read(report.body().encode()))
        .isEqualTo(guess(new Artifact.ReportBodyFile(report.body())));
    TargetInfo target = SAMPLES.targetInfo();
    assertThat(read(target.encode())).isEqualTo(guess(new Artifact.TargetInfoFile(target)));
    assertThat(read(REQUEST.encode())).isEqualTo(guess(new Artifact.KeyRequestFile(REQUEST)));
    assertThat(read(BLOB.encode())).isEqualTo(guess(new Artifact.Sealed(BLOB)));
  }

  @Test
  void blobsWhoseLengthsLieAreRefused() {
    refused(512, 0, "plain_text_offset 0");
    refused(512, 16, "plain_text_offset 16");
    refused(512, -1, "plain_text_offset 4294967295");
    refused(528, 14, "payload_size 14");
    refused(528, -1, "payload_size 4294967295");
    refused(516, 1, "reserved");
    assertThatThrownBy(() -> SdkSealed.parse(BLOB.encode().slice(0, 560)))
        .hasMessageContaining("more than 560");
  }

  @Test
  void aQuoteHeaderIsReadWithItsReport() throws MalformedException {
    ReportBody body = SAMPLES.reportBody();
    Bytes header =
        new Writer(48)
            .u16(3)
            .u16(2)
            .u32(0)
            .u16(8)
            .u16(13)
            .bytes(QuoteHeader.INTEL_QE)
            .bytes(SAMPLES.bytes(20))
            .done();
    Bytes quote = Bytes.concat(header, body.encode(), Bytes.hex("bc020000"), SAMPLES.bytes(700));
    Artifact.Recognised read = read(quote);
    assertThat(read.guessed()).isFalse();
    assertThat(read.artifact())
        .isInstanceOfSatisfying(
            Artifact.Quote.class,
            found -> {
              assertThat(found.header().body()).isEqualTo(Optional.of(body));
              assertThat(found.header().qeSvn()).isEqualTo(8);
              assertThat(found.header().pceSvn()).isEqualTo(13);
              assertThat(found.size()).isEqualTo(quote.size());
            });
    assertThatThrownBy(() -> QuoteHeader.parse(quote.slice(0, 100)))
        .hasMessageContaining("384 bytes of report body");
    assertThatThrownBy(() -> QuoteHeader.parse(quote.slice(0, 47)))
        .hasMessageContaining("at least 48");
  }

  @Test
  void aQuoteThatIsCutAnywhereIsRefusedAsAQuote() throws MalformedException {
    for (Quote quote : Quote.values()) {
      assertThat(read(quote.bytes()).artifact()).isInstanceOf(Artifact.Quote.class);
      assertThat(read(Bytes.concat(quote.bytes(), Bytes.zeros(9))).guessed()).isFalse();
      for (int size = 28; size < quote.bytes().size(); size++) {
        Bytes cut = quote.bytes().slice(0, size);
        assertThatThrownBy(() -> read(cut))
            .as("%s cut at %d", quote, size)
            .hasMessage(quote.cut(size));
      }
    }
  }

  @Test
  void aQuoteOfAnUnknownKeyOrBodyIsNamed() {
    assertThatThrownBy(() -> read(Quote.SGX_3.with(2, 9)))
        .hasMessage(
            "quote header at offset 2: found attestation key type 9, expected 2 (ECDSA P-256) or 3"
                + " (P-384)");
    assertThatThrownBy(() -> read(Quote.TDX_5.with(48, 4)))
        .hasMessageContaining("body type 4, expected 1 (SGX), 2 (TD 1.0) or 3 (TD 1.5)");
    assertThatThrownBy(() -> read(Quote.TDX_5.with(48, 1)))
        .hasMessageContaining("the one of the header's TEE type");
    assertThatThrownBy(() -> read(Quote.TDX_5.with(50, 4)))
        .hasMessageContaining("expected 648 for type 3");
  }

  /** Quotes of each form with three bytes of signature data; nothing in them verifies. */
  private enum Quote {
    SGX_3(3, 0, "", 384),
    TDX_4(4, 0x81, "", 584),
    TDX_5(5, 0x81, "030088020000", 648);

    private final int version;
    private final int tee;
    private final String prefix;
    private final int body;

    Quote(int version, int tee, String prefix, int body) {
      this.version = version;
      this.tee = tee;
      this.prefix = prefix;
      this.body = body;
    }

    Bytes bytes() {
      return Bytes.concat(
          new Writer(28).u16(version).u16(2).u32(tee).u32(0).bytes(QuoteHeader.INTEL_QE).done(),
          Bytes.zeros(20),
          Bytes.hex(prefix),
          Bytes.zeros(body),
          Bytes.hex("03000000aabbcc"));
    }

    Bytes with(int offset, int value) {
      byte[] changed = bytes().toArray();
      changed[offset] = (byte) value;
      return Bytes.wrap(changed);
    }

    /** The refusal of the first {@code size} bytes. */
    String cut(int size) {
      int prefixed = 48 + prefix.length() / 2;
      int end = prefixed + body;
      if (size < 48) {
        return "quote at offset %d: found %d bytes, expected at least 48".formatted(size, size);
      }
      if (size < end + 4) {
        int at = size < prefixed ? 48 : size < end ? prefixed : end;
        String missing =
            size < prefixed
                ? "6 bytes of body type and size"
                : size < end ? body + " bytes of report body" : "4 bytes of signature data size";
        return "quote at offset %d: found end after %d bytes, expected %s"
            .formatted(at, size, missing);
      }
      return "quote at offset %d: found signature data of 3 bytes, expected at most the %d that follow"
          .formatted(end, size - end - 4);
    }
  }

  @Test
  void aSigstructOfAnotherLengthOrHeaderIsNamed() throws MalformedException {
    Bytes signature = Bytes.concat(SigStruct.HEADER, Bytes.zeros(1796));
    assertThatThrownBy(() -> read(signature.slice(0, 1807)))
        .hasMessage("SIGSTRUCT at offset 1807: found 1807 bytes, expected 1808 bytes");
    assertThatThrownBy(() -> read(Bytes.concat(signature, Bytes.zeros(1))))
        .hasMessage("SIGSTRUCT at offset 1808: found 1809 bytes, expected 1808 bytes");
    assertThatThrownBy(() -> read(Bytes.concat(Bytes.hex("07"), signature.slice(1, 1807))))
        .hasMessageStartingWith("SIGSTRUCT at offset 0: found 07000000e1");
  }

  @Test
  void aBlobThatEndsInItsHeaderIsNamed() {
    assertThatThrownBy(() -> read(BLOB.encode().slice(0, 513)))
        .hasMessage("sealed blob at offset 513: found 513 bytes, expected more than 560");
    assertThatThrownBy(() -> read(BLOB.encode().slice(0, 431)))
        .hasMessageContaining("found 431 bytes that begin with")
        .hasMessageContaining("REPORT (432)");
  }

  @Test
  void nothingKnownIsSaidWithItsFirstBytes() {
    assertThatThrownBy(() -> read(Bytes.ascii("hello, world")))
        .hasMessageContaining("12 bytes that begin with 68656c6c6f2c2077");
    assertThatThrownBy(() -> read(Bytes.EMPTY)).hasMessageContaining("begin with nothing");
  }

  @Test
  void anElfFileThatIsNoEnclaveIsRefused() {
    assertThatThrownBy(() -> read(Bytes.concat(Bytes.hex("7f454c46020101"), Bytes.zeros(60))))
        .hasMessageContaining("e_machine 0");
    assertThatThrownBy(() -> read(Bytes.hex("7f454c46"))).hasMessageContaining("ELF class");
    assertThatThrownBy(() -> read(Bytes.hex("7f454c460101"))).hasMessageContaining("64-bit");
  }

  private static void refused(int offset, int value, String words) {
    byte[] changed = BLOB.encode().toArray();
    ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
    assertThatThrownBy(() -> SdkSealed.parse(Bytes.wrap(changed)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining(words);
  }

  private static Artifact.Recognised guess(Artifact artifact) {
    return new Artifact.Recognised(artifact, true);
  }

  private static Artifact.Recognised read(Bytes bytes) throws MalformedException {
    try (Content file = Content.of(bytes)) {
      return Artifact.read(file, MeasureLimits.DEFAULT);
    }
  }
}
