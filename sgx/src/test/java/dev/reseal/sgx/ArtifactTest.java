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
    Bytes quote = Bytes.concat(header, body.encode(), SAMPLES.bytes(700));
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
