package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** PEM: blocks of one kind, white space and nothing else. */
class PemTest {
  private static final String BEGIN = "-----BEGIN X-----";
  private static final String END = "-----END X-----";

  private static List<byte[]> blocks(String text) throws MalformedException {
    return Pem.blocks("test", Bytes.ascii(text), "X", 2);
  }

  @Test
  void whiteSpaceMayStandAnywhereAroundAndInBlocks() throws Exception {
    String block = BEGIN + " A\tA\rE\nC " + END;
    for (String space : List.of("", " ", "\t", "\r", "\n", "\r\n \t")) {
      List<byte[]> both = blocks(space + block + space + block + space);
      assertThat(both).hasSize(2).allSatisfy(der -> assertThat(der).containsExactly(0, 1, 2));
    }
    assertThat(blocks(block + "\0\0")).hasSize(1);
  }

  @Test
  void anythingElseIsRefused() {
    String block = BEGIN + "AAEC" + END;
    for (String bad :
        List.of(
            "",
            "\n",
            "x" + block,
            block + "x",
            block + "x" + block,
            "y".repeat(BEGIN.length()) + "AAEC" + END,
            BEGIN + "AAEC",
            BEGIN + "AA_C" + END,
            BEGIN + "AAEC\u000b" + END,
            block.replace("X", "Y"),
            block + block + block)) {
      assertThatThrownBy(() -> blocks(bad)).as(bad).isInstanceOf(MalformedException.class);
    }
  }
}
