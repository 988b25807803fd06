package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MrenclaveTest {
  private static final SecInfo CODE = SecInfo.regular(SecInfo.R | SecInfo.X);
  private static final SecInfo HEAP = SecInfo.regular(SecInfo.R | SecInfo.W);

  @Test
  void theRecordsAreThoseOfTheManual() {
    Bytes page = new Samples(1).bytes(4096);
    Mrenclave measured = new Mrenclave(1, 0x10000);
    measured.page(0x2000, CODE, page.buffer());
    measured.add(0x3000, HEAP);

    List<Bytes> records = new ArrayList<>();
    records.add(Bytes.hex("4543524541544500" + "01000000" + "0000010000000000" + "00".repeat(44)));
    records.add(eadd("0020000000000000", "0502000000000000"));
    for (int i = 0; i < 16; i++) {
      String offset = "00%02x000000000000".formatted(0x20 + i);
      records.add(Bytes.hex("45455854454e4400" + offset + "00".repeat(48)));
      records.add(page.slice(i * 256, 256));
    }
    records.add(eadd("0030000000000000", "0302000000000000"));
    assertThat(measured.digest()).isEqualTo(Bytes.sha256(records.toArray(new Bytes[0])));
    assertThat(measured.added()).isEqualTo(2);
    assertThat(measured.measured()).isEqualTo(1);
  }

  @Test
  void aPageAtOnceAndInChunksIsTheSame() {
    Bytes page = new Samples(2).bytes(4096);
    Mrenclave whole = new Mrenclave(2, 0x8000);
    whole.page(0x1000, CODE, page.buffer());
    Mrenclave chunks = new Mrenclave(2, 0x8000);
    chunks.add(0x1000, CODE);
    for (int at = 0; at < 4096; at += 256) {
      chunks.extend(0x1000 + at, page.slice(at, 256));
    }
    assertThat(chunks.digest()).isEqualTo(whole.digest());
  }

  @Test
  void sizePositionPermissionAndOrderAreMeasured() {
    Bytes page = new Samples(4).bytes(4096);
    Bytes base = digest(1, 0x8000, 0x1000, CODE, page);
    assertThat(digest(2, 0x8000, 0x1000, CODE, page)).isNotEqualTo(base);
    assertThat(digest(1, 0x10000, 0x1000, CODE, page)).isNotEqualTo(base);
    assertThat(digest(1, 0x8000, 0x2000, CODE, page)).isNotEqualTo(base);
    assertThat(digest(1, 0x8000, 0x1000, HEAP, page)).isNotEqualTo(base);
    assertThat(digest(1, 0x8000, 0x1000, CODE, Bytes.zeros(4096))).isNotEqualTo(base);
  }

  @Test
  void pagesOutsideTheEnclaveAreRefused() {
    Mrenclave enclave = new Mrenclave(1, 0x8000);
    assertThatThrownBy(() -> enclave.add(0x8000, CODE)).hasMessageContaining("32768");
    assertThatThrownBy(() -> enclave.add(-0x1000, CODE)).hasMessageContaining("-4096");
    assertThatThrownBy(() -> enclave.add(0x1001, CODE)).hasMessageContaining("page-aligned");
    assertThatThrownBy(() -> enclave.extend(0x1001, Bytes.zeros(256))).hasMessageContaining("4097");
    assertThatThrownBy(() -> new Mrenclave(1, 0x9000)).hasMessageContaining("power of two");
    assertThatThrownBy(() -> new Mrenclave(1, 0x1000)).hasMessageContaining("power of two");
  }

  private static Bytes eadd(String offset, String flags) {
    return Bytes.hex("4541444400000000" + offset + flags + "00".repeat(40));
  }

  private static Bytes digest(int ssa, long size, long offset, SecInfo secInfo, Bytes page) {
    Mrenclave enclave = new Mrenclave(ssa, size);
    enclave.page(offset, secInfo, page.buffer());
    return enclave.digest();
  }
}
