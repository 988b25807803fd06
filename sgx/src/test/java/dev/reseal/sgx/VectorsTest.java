package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Our own enclaves; the expected values were computed by a second implementation, in Python. */
class VectorsTest {
  private static final Path FOLDER = Path.of("src/test/resources/vectors");

  /** {@code -Dsurefire.argLine=-Drewrite=1} makes them anew, with another key. */
  @BeforeAll
  static void rewriteIfAsked() throws IOException, MalformedException {
    if (System.getProperty("rewrite") != null) {
      VectorWriter.write(FOLDER);
    }
  }

  @Test
  void theElfVectorHasItsTwoIdentities() throws IOException, MalformedException {
    try (Content file = Content.map(FOLDER.resolve("enclave.so"))) {
      Artifact.Recognised read = Artifact.read(file, MeasureLimits.DEFAULT);
      assertThat(read.guessed()).isFalse();
      assertThat(read.artifact())
          .isInstanceOfSatisfying(
              Artifact.IntelElf.class,
              elf -> {
                List<Artifact.MeasuredBlock> blocks = elf.blocks();
                assertThat(blocks.get(0).measured())
                    .isEqualTo(
                        new Measured(
                            Bytes.hex(
                                "eba1ccd7c00c2593ab02ccf57bea341f4c47aa78790269906eda038460f7f595"),
                            0x100000,
                            42,
                            35));
                assertThat(blocks.get(1).measured())
                    .isEqualTo(
                        new Measured(
                            Bytes.hex(
                                "ed09e81afa9934781887b440461317809020cc89562fb78d71721260ae67661b"),
                            0x200000,
                            15,
                            10));
                assertThat(blocks).allMatch(Artifact.MeasuredBlock::matches);
              });
    }
  }

  @Test
  void theSgxsVectorIsWhatItsSignatureSays() throws IOException, MalformedException {
    try (Content file = Content.map(FOLDER.resolve("enclave.sgxs"));
        Content signature = Content.map(FOLDER.resolve("enclave.sig"))) {
      SgxsStream.Contents contents = SgxsStream.measure(file, MeasureLimits.DEFAULT);
      SigStruct sigStruct = SigStruct.parse(signature.all(SigStruct.SIZE));
      assertThat(contents.measured().mrEnclave().toHex())
          .isEqualTo("067c527392d2c622d5c3bbddceae876e8b64a8febcc2794023f87026015d1273");
      assertThat(sigStruct.body().enclaveHash()).isEqualTo(contents.measured().mrEnclave());
      assertThat(sigStruct.check()).isInstanceOf(SignatureCheck.Genuine.class);
    }
  }
}
