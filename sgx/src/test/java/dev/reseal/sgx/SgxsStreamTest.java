package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SgxsStreamTest {
  private static final Bytes CREATE = record("ECREATE", "01000000" + "0080000000000000");
  private static final Bytes ADD = record("EADD", "0000000000000000" + "0302000000000000");
  private static final Bytes EXTEND = chunk("EEXTEND", "0001000000000000");

  @Test
  void theStreamItselfIsWhatIsHashed() throws MalformedException {
    Bytes stream = Bytes.concat(CREATE, ADD, EXTEND);
    SgxsStream.Contents contents = measure(stream);
    assertThat(contents.measured()).isEqualTo(new Measured(stream.sha256(), 0x8000, 1, 0));
    assertThat(contents.measuredChunks()).isEqualTo(1);
  }

  @Test
  void unmeasuredChunksAreLoadedButNotHashed() throws MalformedException {
    Bytes unmeasured = chunk("UNMEASRD", "0002000000000000");
    SgxsStream.Contents contents = measure(Bytes.concat(CREATE, ADD, unmeasured, EXTEND));
    assertThat(contents.measured().mrEnclave())
        .isEqualTo(Bytes.concat(CREATE, ADD, EXTEND).sha256());
    assertThat(contents.unmeasuredChunks()).isEqualTo(1);
  }

  @Test
  void whatTheWriterWritesIsReadBackWithItsMeasurement() throws IOException, MalformedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Bytes mrEnclave;
    try (SgxsWriter writer = new SgxsWriter(out, 1, 0x8000)) {
      writer.page(0, SecInfo.regular(SecInfo.R), new Samples(1).bytes(4096));
      writer.add(0x2000, SecInfo.regular(SecInfo.R | SecInfo.W));
      mrEnclave = writer.mrEnclave();
    }
    SgxsStream.Contents contents = measure(Bytes.of(out.toByteArray()));
    assertThat(contents.measured()).isEqualTo(new Measured(mrEnclave, 0x8000, 2, 1));
  }

  @Test
  void chunksOfAPageInAnotherOrderAreHashedAsTheyStand() throws MalformedException {
    List<Bytes> records = new ArrayList<>(List.of(CREATE, ADD));
    for (int i = 15; i >= 0; i--) {
      records.add(chunk("EEXTEND", "00%02x000000000000".formatted(i)));
    }
    Bytes stream = Bytes.concat(records.toArray(Bytes[]::new));
    assertThat(measure(stream).measured()).isEqualTo(new Measured(stream.sha256(), 0x8000, 1, 1));
  }

  @Test
  void theLimitOfMeasuredPagesHoldsForWholePagesToo() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (SgxsWriter writer = new SgxsWriter(out, 1, 0x8000)) {
      for (int page = 0; page < 4; page++) {
        writer.page(page * 4096L, SecInfo.regular(SecInfo.R), Bytes.zeros(4096));
      }
    }
    try (Content file = Content.of(Bytes.of(out.toByteArray()))) {
      assertThatThrownBy(() -> SgxsStream.measure(file, new MeasureLimits(8, 3)))
          .isInstanceOf(MalformedException.class)
          .hasMessageContaining("at most 3 measured");
    }
  }

  /** Seven pages, so that records lie across every edge of the reader's window. */
  @Test
  void everyFlippedBitOfARecordIsRefusedAndOfAChunkIsAnotherMeasurement()
      throws IOException, MalformedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (SgxsWriter writer = new SgxsWriter(out, 1, 0x8000)) {
      for (int page = 0; page < 7; page++) {
        writer.page(page * 4096L, SecInfo.regular(SecInfo.R), new Samples(page).bytes(4096));
      }
    }
    byte[] stream = out.toByteArray();
    Bytes whole = measure(Bytes.of(stream)).measured().mrEnclave();
    assertThat(whole).isEqualTo(Bytes.of(stream).sha256());
    for (int page = 0; page < 7; page++) {
      int start = 64 + page * Mrenclave.PAGE_RECORDS;
      for (int at = start + 64; at < start + Mrenclave.PAGE_RECORDS; at += 19) {
        stream[at] ^= 0x04;
        Bytes changed = Bytes.of(stream);
        if ((at - start - 64) % 320 < 64) {
          assertThatThrownBy(() -> measure(changed)).isInstanceOf(MalformedException.class);
        } else {
          assertThat(measure(changed).measured().mrEnclave()).isNotEqualTo(whole);
        }
        stream[at] ^= 0x04;
      }
    }
  }

  @Test
  void recordsOutOfOrderAreRefused() {
    Bytes lower = record("EADD", "0000000000000000" + "0302000000000000");
    Bytes higher = record("EADD", "0020000000000000" + "0302000000000000");
    refused(ADD, "record EADD....");
    refused(Bytes.concat(CREATE, EXTEND), "an EADD before it");
    refused(Bytes.concat(CREATE, CREATE), "record ECREATE., expected EADD");
    refused(Bytes.concat(CREATE, higher, lower), "one above 0x2000");
    refused(Bytes.concat(CREATE, ADD, EXTEND, EXTEND), "chunk 0x100 again");
    refused(Bytes.concat(CREATE, higher, EXTEND), "one in the page 0x2000");
    refused(record("UNSIZED", ""), "set the size");
  }

  @Test
  void badFieldsAreRefused() {
    refused(record("ECREATE", "01000000" + "0090000000000000"), "a power of two");
    refused(
        Bytes.concat(CREATE, record("EADD", "0080000000000000" + "0302000000000000")),
        "inside the enclave");
    refused(
        Bytes.concat(CREATE, record("EADD", "0100000000000000" + "0302000000000000")),
        "inside the enclave");
    refused(
        Bytes.concat(CREATE, record("EADD", "0000000000000000" + "0301000000000000")),
        "a TCS without permissions");
    refused(
        Bytes.concat(CREATE, record("EADD", "0000000000000000" + "0302010000000000")), "reserved");
    refused(
        Bytes.concat(CREATE, record("EADD", "0000000000000000" + "0302000000000000" + "01")),
        "padding");
    refused(Bytes.concat(CREATE, ADD, EXTEND.slice(0, 100)), "256 bytes of chunk data");
    refused(Bytes.concat(CREATE, ADD.slice(0, 30)), "64 bytes of record");
  }

  private static void refused(Bytes stream, String words) {
    assertThatThrownBy(() -> measure(stream))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining(words);
  }

  private static SgxsStream.Contents measure(Bytes stream) throws MalformedException {
    try (Content file = Content.of(stream)) {
      return SgxsStream.measure(file, MeasureLimits.DEFAULT);
    }
  }

  private static Bytes record(String tag, String fields) {
    Bytes start = Bytes.concat(Bytes.ascii(tag), Bytes.zeros(8 - tag.length()), Bytes.hex(fields));
    return Bytes.concat(start, Bytes.zeros(64 - start.size()));
  }

  private static Bytes chunk(String tag, String offset) {
    return Bytes.concat(record(tag, offset), new Samples(9).bytes(256));
  }
}
