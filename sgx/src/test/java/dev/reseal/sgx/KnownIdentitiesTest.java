package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Published enclaves with published identities. Their descriptions lie in the shared vectors
 * (folder {@code ../shared} beside the repository, or RESEAL_SHARED), their images in the folder
 * that RESEAL_ENCLAVES names, found by hash. What is absent is skipped and said.
 */
class KnownIdentitiesTest {
  @TestFactory
  Stream<DynamicTest> everyKnownEnclaveHasItsPublishedIdentity() throws IOException {
    Optional<Path> folder = shared().map(path -> path.resolve("vectors/enclaves"));
    if (folder.isEmpty()) {
      return Stream.of(
          dynamicTest(
              "shared vectors",
              () -> assumeTrue(false, "skipped: no shared vectors (set RESEAL_SHARED)")));
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (Path directory : sorted(folder.get())) {
      JsonNode known =
          new ObjectMapper().readTree(Files.readString(directory.resolve("case.json")));
      tests.add(dynamicTest(directory.getFileName().toString(), () -> check(directory, known)));
    }
    return tests.stream();
  }

  private static void check(Path directory, JsonNode known) throws Exception {
    Optional<Path> file = image(directory, known);
    assumeTrue(
        file.isPresent(),
        "skipped: no image with SHA-256 " + known.get("sha256").asString() + " in RESEAL_ENCLAVES");
    JsonNode expected = known.get("expected");
    Bytes mrEnclave = Bytes.hex(expected.get("mrenclave").asString());
    try (Content content = Content.map(file.get())) {
      switch (Artifact.read(content, MeasureLimits.DEFAULT).artifact()) {
        case Artifact.IntelElf(List<Artifact.MeasuredBlock> blocks) -> {
          assertThat(blocks).isNotEmpty().allMatch(Artifact.MeasuredBlock::matches);
          assertThat(blocks.getFirst().measured().mrEnclave()).isEqualTo(mrEnclave);
          checkSignature(blocks.getFirst().metadata().sigStruct(), expected);
        }
        case Artifact.Sgxs(SgxsStream.Contents contents) -> {
          JsonNode operations = known.get("sgxs_operations");
          assertThat(contents.measured().mrEnclave()).isEqualTo(mrEnclave);
          assertThat(contents.measured().pages()).isEqualTo(operations.get("eadd").asLong());
          assertThat(contents.measuredChunks()).isEqualTo(operations.get("eextend").asLong());
          assertThat(contents.unmeasuredChunks()).isEqualTo(operations.get("unmeasured").asLong());
        }
        case Artifact.Signature(SigStruct sigStruct) -> checkSignature(sigStruct, expected);
        case Artifact other -> throw new AssertionError(other);
      }
    }
  }

  private static void checkSignature(SigStruct sigStruct, JsonNode expected) {
    assertThat(sigStruct.check())
        .isEqualTo(new SignatureCheck.Genuine(Bytes.hex(expected.get("mrsigner").asString())));
    SigStruct.Body body = sigStruct.body();
    assertThat(body.enclaveHash().toHex()).isEqualTo(expected.get("mrenclave").asString());
    assertThat(body.isvProdId()).isEqualTo(expected.get("isvprodid").asInt());
    assertThat(body.isvSvn()).isEqualTo(expected.get("isvsvn").asInt());
    assertThat(body.attributes().encode().toHex()).isEqualTo(expected.get("attributes").asString());
    assertThat(body.attributeMask().encode().toHex())
        .isEqualTo(expected.get("attributes_mask").asString());
    assertThat("%08x".formatted(body.date())).isEqualTo(expected.get("date").asString());
    assertThat(body.intel()).isEqualTo(expected.get("vendor").asString().equals("0x8086"));
  }

  private static Optional<Path> image(Path directory, JsonNode known) throws IOException {
    Path stored = directory.resolve(known.get("file").asString());
    if (Files.exists(stored)) {
      return Optional.of(stored);
    }
    String folder = System.getenv("RESEAL_ENCLAVES");
    if (folder == null) {
      return Optional.empty();
    }
    for (Path file : sorted(Path.of(folder))) {
      if (Files.isRegularFile(file)
          && Bytes.wrap(Files.readAllBytes(file))
              .sha256()
              .toHex()
              .equals(known.get("sha256").asString())) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  private static List<Path> sorted(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static Optional<Path> shared() {
    String named = System.getenv("RESEAL_SHARED");
    Path path = named != null ? Path.of(named) : Path.of("../../shared");
    return Files.isDirectory(path.resolve("vectors")) ? Optional.of(path) : Optional.empty();
  }
}
