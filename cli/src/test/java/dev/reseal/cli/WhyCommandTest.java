package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerSource;
import dev.reseal.sealed.Envelope;
import dev.reseal.sgx.KeyRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class WhyCommandTest {
  private static final String OLD = identity("aa", "51", 7, 3, "cpu-1", "");

  @TempDir private Path folder = Path.of(".");

  @Test
  void theSameEnclaveOnTheSameProcessorOpens() throws IOException {
    Run run = why(blob(KeyRequest.POLICY_MRENCLAVE), OLD, OLD);
    assertThat(run.code()).isZero();
    Golden.check("why-opens.txt", run.out());
  }

  @Test
  void everyDifferenceIsNamedWithItsRemedy() throws IOException {
    String other =
        identity(
            "bb", "52", 8, 2, "cpu-2", ", \"attributes\": \"07000000000000000300000000000000\"");
    Run run = why(blob(KeyRequest.POLICY_MRENCLAVE | KeyRequest.POLICY_MRSIGNER), other, OLD);
    assertThat(run.code()).isEqualTo(40);
    Golden.check("why-differs.txt", run.out());
  }

  @Test
  void withoutTheSealerItSaysWhatMustHold() throws IOException {
    Run run =
        Run.of(
            new WhyCommand(),
            blob(KeyRequest.POLICY_MRSIGNER),
            "--enclave",
            Run.VECTORS.resolve("enclave.so").toString());
    assertThat(run.code()).isEqualTo(40);
    assertThat(run.out()).contains("cannot be told").contains("hosts with EDMM");
  }

  @Test
  void anSvnBelowTheSealedOneIsRefusedByTheProcessor() throws IOException {
    Run run = why(blob(KeyRequest.POLICY_MRSIGNER), identity("aa", "51", 7, 2, "cpu-1", ""), OLD);
    assertThat(run.code()).isEqualTo(40);
    assertThat(run.out()).contains("INVALID_ISVSVN").contains("ISVSVN 3 or above");
  }

  @Test
  void startingInDebugLosesTheKey() throws IOException {
    Run run =
        Run.of(
            new WhyCommand(),
            blob(KeyRequest.POLICY_MRSIGNER),
            "--identity",
            json("new", OLD),
            "--sealed-by",
            json("old", OLD),
            "--debug");
    assertThat(run.code()).isEqualTo(40);
    assertThat(run.out()).contains("debug and production enclaves never share keys");
  }

  @Test
  void platformNamesOnTheCommandLineWin() throws IOException {
    String[] arguments = {
      blob(KeyRequest.POLICY_MRSIGNER),
      "--identity",
      json("new", OLD),
      "--sealed-by",
      json("old", OLD),
      "--platform",
      "board-b",
      "--sealed-on",
      "board-a",
      "--json"
    };
    Run run = Run.of(new WhyCommand(), arguments);
    JsonNode root = new ObjectMapper().readTree(run.out());
    assertThat(root.at("/answer").asString()).isEqualTo("does NOT open");
    assertThat(root.at("/case/0/platform/sealed").asString()).isEqualTo("board-a");
    assertThat(root.at("/case/0/platform/opening").asString()).isEqualTo("board-b");
  }

  @Test
  void aSealedStateNeedsItsLineageEpochAndHeadToo() throws IOException {
    String state = file("state.rsc", InspectSamples.container().toArray());
    String[] known = {
      state,
      "--identity",
      json("new", OLD),
      "--sealed-by",
      json("old", OLD),
      "--lineage",
      InspectSamples.LINEAGE.toHex(),
      "--head",
      bodyId()
    };
    Run opens = Run.of(new WhyCommand(), with(known, "--epoch", "7"));
    assertThat(opens.code()).isZero();
    Golden.check("why-rsc.txt", opens.out());

    Run unknown = Run.of(new WhyCommand(), known);
    assertThat(unknown.code()).isEqualTo(40);
    assertThat(unknown.out())
        .containsPattern("epoch\\n *state +not known\\n *opening +not given")
        .contains("it is the epoch of the registered head: 7");

    Run stale = Run.of(new WhyCommand(), with(known, "--epoch", "8"));
    assertThat(stale.code()).isEqualTo(41);
    assertThat(stale.out()).contains("the state is stale");

    String[] foreign = with(known, "--epoch", "7");
    foreign[6] = "00".repeat(16);
    assertThat(Run.of(new WhyCommand(), foreign).out()).contains("belongs to another service");

    foreign = with(known, "--epoch", "7");
    foreign[8] = "00".repeat(32);
    Run notHead = Run.of(new WhyCommand(), foreign);
    assertThat(notHead.code()).isEqualTo(41);
    assertThat(notHead.out()).contains("for the registered head only");
  }

  @Test
  void badIdentityFilesAreRefusedByField() throws IOException {
    refused("{\"mrenclave\": \"aa\"}", "field mrenclave");
    refused(OLD.replace("\"isvsvn\": 3", "\"isvsvn\": 65536"), "field isvsvn");
    refused(OLD.replace("\"isvsvn\": 3", "\"isvsvn\": 3, \"isvsvn\": 4"), "identity JSON");
    refused(OLD.replace("isvsvn", "isv_svn"), "field isv_svn");
    refused(OLD + "{}", "identity JSON");
    refused("{", "identity JSON");
    refused(OLD.replace("\"cpu-1\"", "1"), "field platform");
    refused(OLD.replace("0b0b", "0x0b"), "field cpusvn");
  }

  @Test
  void whatIsNotSealedIsRefused() throws IOException {
    Run run =
        Run.of(
            new WhyCommand(),
            Run.VECTORS.resolve("enclave.sig").toString(),
            "--enclave",
            json("new", OLD));
    assertThat(run.code()).isEqualTo(40);
    assertThat(run.err()).contains("something that is not sealed");
    Run stream =
        Run.of(
            new WhyCommand(), blob(2), "--enclave", Run.VECTORS.resolve("enclave.sgxs").toString());
    assertThat(stream.err())
        .startsWith("why " + Run.VECTORS.resolve("enclave.sgxs"))
        .contains("a measurement without signer or product", "image.sigstruct");
  }

  @Test
  void theFileAtFaultIsTheOneThatIsNamed() throws IOException {
    String broken = file("broken.so", Bytes.hex("7f454c460101").toArray());
    Run enclave = Run.of(new WhyCommand(), blob(2), "--enclave", broken);
    assertThat(enclave.code()).isEqualTo(40);
    assertThat(enclave.err()).startsWith("why " + broken + ": file at offset 4: found 0101");
    String old = json("old", OLD);
    Run sealer = Run.of(new WhyCommand(), blob(2), "--enclave", old, "--sealed-by", "/absent");
    assertThat(sealer.code()).isEqualTo(2);
    assertThat(sealer.err()).startsWith("why /absent: no such file");
    Run sealed = Run.of(new WhyCommand(), broken, "--enclave", old);
    assertThat(sealed.err()).startsWith("why " + broken);
  }

  @Test
  void anOptionThatIsNotHexOfItsSizeIsAMistakeOfUsage() throws IOException {
    for (String option : new String[] {"--lineage", "--head", "--cpusvn"}) {
      Run run = Run.of(new WhyCommand(), blob(2), "--enclave", json("old", OLD), option, "zz");
      assertThat(run.code()).isEqualTo(2);
      assertThat(run.err()).startsWith(option + ": found 'zz', expected ").contains("bytes in hex");
    }
  }

  @Test
  void anEnclaveThatNoProcessorWouldStartCannotOpenAnything() throws IOException {
    byte[] forged = Files.readAllBytes(Run.VECTORS.resolve("enclave.sig"));
    forged[1026] ^= 1;
    Run run = Run.of(new WhyCommand(), blob(2), "--enclave", file("forged.sig", forged));
    assertThat(run.code()).isEqualTo(40);
    assertThat(run.err()).contains("the RSA-3072 signature does not verify");
  }

  private void refused(String identity, String words) throws IOException {
    Run run = Run.of(new WhyCommand(), blob(2), "--identity", json("bad", identity));
    assertThat(run.code()).isEqualTo(40);
    assertThat(run.err()).contains(words);
  }

  private Run why(String blob, String opener, String sealer) throws IOException {
    return Run.of(
        new WhyCommand(),
        blob,
        "--identity",
        json("opener", opener),
        "--sealed-by",
        json("sealer", sealer));
  }

  private static String[] with(String[] arguments, String name, String value) {
    String[] all = Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = name;
    all[arguments.length + 1] = value;
    return all;
  }

  private String bodyId() throws IOException {
    Path state = folder.resolve("state.rsc");
    return Envelope.read(ContainerSource.file(state)).bodyId().toHex();
  }

  private static String identity(
      String mrEnclave, String mrSigner, int prodId, int svn, String platform, String more) {
    return """
    {"mrenclave": "%s", "mrsigner": "%s", "isvprodid": %d, "isvsvn": %d,
     "platform": "%s", "cpusvn": "0b0b0202ff0100000000000000000000"%s}\
    """
        .formatted(mrEnclave.repeat(32), mrSigner.repeat(32), prodId, svn, platform, more);
  }

  private String blob(int policy) throws IOException {
    return file("blob", InspectSamples.blob(policy, 3).encode().toArray());
  }

  private String json(String name, String text) throws IOException {
    return file(name + ".json", Bytes.ascii(text).toArray());
  }

  private String file(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content).toString();
  }
}
