package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.SigStruct;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class InspectCommandTest {
  @TempDir private Path folder = Path.of(".");

  @Test
  void anEnclaveIsMeasuredForBothKindsOfHost() throws IOException {
    Run run = inspect(vector("enclave.so"));
    assertThat(run.code()).isZero();
    Golden.check("inspect-elf.txt", run.out());
  }

  @Test
  void theSameInJsonHasTheSameNames() throws IOException {
    Run run = inspect(vector("enclave.so"), "--json");
    JsonNode root = new ObjectMapper().readTree(run.out());
    assertThat(root.at("/block/0/mrenclave").asString())
        .isEqualTo("eba1ccd7c00c2593ab02ccf57bea341f4c47aa78790269906eda038460f7f595");
    assertThat(root.at("/block/1/pages").asLong()).isEqualTo(15);
    assertThat(root.at("/policy_line/0/allow").asString()).contains("\"least_isvsvn\": 3");
  }

  @Test
  void streamSignatureBlobAndContainerAreRead() throws IOException {
    Golden.check("inspect-sgxs.txt", inspect(vector("enclave.sgxs")).out());
    Golden.check("inspect-sig.txt", inspect(vector("enclave.sig")).out());
    Golden.check(
        "inspect-blob.txt",
        inspect(file("blob", InspectSamples.blob(KeyRequest.POLICY_MRSIGNER, 3).encode())).out());
    Golden.check("inspect-rsc.txt", inspect(file("state.rsc", InspectSamples.container())).out());
  }

  @Test
  void reportTargetAndRequestAreGuessedFromTheirSizeAndSaySo() throws IOException {
    EnclaveIdentity identity = identity("enclave.sig");
    Bytes body = identity.report(InspectSamples.CPU_SVN, Bytes.zeros(64)).encode();
    Run report = inspect(file("report", Bytes.concat(body, Bytes.zeros(48))));
    assertThat(report.out())
        .contains("kind")
        .contains("REPORT")
        .contains("by its size only: a guess")
        .contains(identity.mrEnclave().toHex());
    assertThat(inspect(file("target", identity.target().encode())).out()).contains("TARGETINFO");
    assertThat(inspect(file("request", InspectSamples.request(2, 1).encode())).out())
        .contains("KEYREQUEST")
        .contains("MRSIGNER (0x02)");
  }

  @Test
  void aTamperedEnclaveIsNotWhatWasSigned() throws IOException {
    byte[] changed = Files.readAllBytes(Path.of(vector("enclave.so")));
    changed[3000] ^= 1;
    Run run = inspect(file("tampered.so", Bytes.wrap(changed)));
    assertThat(run.code()).isEqualTo(40);
    assertThat(run.out()).contains("block 1.5: the file measures to").contains("ANOTHER");
    assertThat(run.out()).doesNotContain("policy line");
  }

  @Test
  void aForgedSignatureIsNamed() throws IOException {
    byte[] changed = Files.readAllBytes(Path.of(vector("enclave.sig")));
    changed[1026] ^= 1;
    Run run = inspect(file("forged.sig", Bytes.wrap(changed)));
    assertThat(run.code()).isEqualTo(40);
    assertThat(run.out()).contains("BAD: the RSA-3072 signature does not verify");
  }

  @Test
  void whatIsNothingKnownIsRefusedWithOffsetFoundAndExpected() throws IOException {
    Run run = inspect(file("notes.txt", Bytes.ascii("just some notes")));
    assertThat(run.code()).isEqualTo(40);
    assertThat(run.err())
        .contains(
            "at offset 0: found 15 bytes that begin with 6a75737420736f6d, expected an enclave");
    assertThat(inspect(folder.resolve("absent").toString()).code()).isEqualTo(2);
    assertThat(inspect(folder.toString()).code()).isEqualTo(2);
    assertThat(inspect(folder.toString()).err()).contains("cannot be read: it is a directory");
    String one = vector("enclave.sig");
    Run three = inspect(one, one, one);
    assertThat(three.code()).isEqualTo(2);
    assertThat(three.err()).contains("found 3 files, expected one or two");
    Bytes cut = InspectSamples.container().slice(0, 200);
    assertThat(inspect(file("cut.rsc", cut)).err())
        .contains("offset 192: no trailer, found ", "expected 52534331454e440a", "or was cut");
  }

  @Test
  void aSealedStateWhoseLengthsLieIsRefusedWithThePlace() throws IOException {
    byte[] state = InspectSamples.container().toArray();
    state[8] = 1;
    assertThat(inspect(file("core.rsc", Bytes.wrap(state))).err())
        .contains("LENGTH: offset 8: core of 16777", "expected 1 to 4096");
    state = InspectSamples.container().toArray();
    state[state.length - 16] = 1;
    assertThat(inspect(file("footer.rsc", Bytes.wrap(state))).err())
        .contains("TRAILER: the trailer points at offset 7205759403792", "expected a footer there");
    state = InspectSamples.container().toArray();
    state[12] = (byte) 0xff;
    assertThat(inspect(file("cbor.rsc", Bytes.wrap(state))).err())
        .contains("STRUCTURE: core: ", "cbor at byte 1");
  }

  @Test
  void twoVersionsOfAnEnclaveAreComparedPerKindOfHost() throws IOException {
    Run run = inspect(vector("enclave.so"), vector("enclave.so"));
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("same identity  true");
    Golden.check("inspect-two.txt", inspect(vector("enclave.so"), upgraded()).out());
  }

  @Test
  void anImageDeclarationIsReadAndMeasuredAsItsFilesAreNow() throws IOException {
    Path main = Path.of(file("app.py", Bytes.ascii("print(1)")));
    Path boot = Path.of(file("boot.py", Bytes.ascii("print(0)")));
    TreeMap<String, Path> files = new TreeMap<>(Map.of("app/app.py", main));
    TreeMap<String, String> values = new TreeMap<>(Map.of("GREETING", "hello"));
    Path python = Path.of("/usr/bin/python3").toRealPath();
    Image without = new Image(files, values, python, "app/app.py", 64, 7, 3);
    Run incomplete = inspect(file("incomplete.cbor", without.encode()));
    assertThat(incomplete.code()).isZero();
    assertThat(incomplete.out()).contains("image declaration", "GREETING", "no boot stub");
    assertThat(inspect(file("incomplete.cbor", without.encode()), vector("enclave.sig")).err())
        .contains("cannot be measured", "no boot stub");
    files.put("site/reseal/boot.py", boot);
    Image image = new Image(files, values, python, "app/app.py", 64, 7, 3);
    String declared = file("image.cbor", image.encode());
    String first = inspect(declared).out();
    assertThat(first).contains("mrenclave", "isvprodid", "measured from the files as they are now");
    assertThat(inspect(declared, declared).out()).contains("same measurement  true");
    file("app.py", Bytes.ascii("print(2)"));
    assertThat(inspect(declared).out()).isNotEqualTo(first);
    Run cut = inspect(file("cut.cbor", image.encode().slice(0, 40)));
    assertThat(cut.code()).isEqualTo(40);
    assertThat(cut.err()).contains("image declaration at offset 0");
  }

  @Test
  void aStreamIsComparedByItsMeasurementAlone() throws IOException {
    Run fits = inspect(vector("enclave.sgxs"), vector("enclave.sig"));
    assertThat(fits.code()).isZero();
    Golden.check("inspect-measurements.txt", fits.out());
    Bytes target = identity("enclave.sig").target().encode();
    Run other = inspect(file("target", target), vector("enclave.so"), "--json");
    JsonNode pairs = new ObjectMapper().readTree(other.out()).at("/comparison");
    assertThat(pairs.size()).as("one for each kind of host").isEqualTo(2);
    assertThat(pairs.at("/0/same_measurement").asBoolean()).isFalse();
    assertThat(pairs.at("/1/consequence").valueStream().map(each -> each.at("/works").asBoolean()))
        .hasSize(4)
        .containsOnly(false);
  }

  @Test
  void sealedThingsAreNoEnclavesAndTheVerbThatAnswersIsNamed() throws IOException {
    String blob = file("blob", InspectSamples.blob(KeyRequest.POLICY_MRSIGNER, 3).encode());
    String state = file("state.rsc", InspectSamples.container());
    String request = file("request", InspectSamples.request(2, 1).encode());
    for (String sealed : new String[] {blob, state, request}) {
      Run run = inspect(vector("enclave.sig"), sealed);
      assertThat(run.code()).isEqualTo(40);
      assertThat(run.err())
          .startsWith("inspect " + sealed)
          .contains("reseal why FILE --enclave OTHER says whether it opens");
    }
  }

  @Test
  void thePolicyRuleIsTheAuthoritysOwn() throws IOException {
    EnclaveIdentity of = identity("enclave.sig");
    Attributes wide = new Attributes(of.attributes().flags(), 0xe7);
    String avx = report("avx", of, wide);
    assertThat(rule(vector("enclave.sig"), avx))
        .as("XFRM is not in the rule")
        .contains("works    true");
    String pce = report("pce", of, of.attributes().with(Attributes.PROVISIONKEY));
    assertThat(rule(vector("enclave.sig"), pce)).contains("an enclave with [PROVISIONKEY]");
    assertThat(rule(pce, pce)).contains("no policy allows the first: ", "PROVISIONKEY");
    assertThat(inspect(pce).out())
        .contains("none  no policy allows it: an enclave with [PROVISIONKEY]")
        .doesNotContain("allow  ");
  }

  private static String rule(String first, String second) {
    String out = inspect(first, second).out();
    return out.substring(out.indexOf("the policy rule that allows the first"));
  }

  private String report(String name, EnclaveIdentity of, Attributes attributes) throws IOException {
    EnclaveIdentity changed =
        new EnclaveIdentity(
            of.mrEnclave(),
            of.mrSigner(),
            attributes,
            of.miscSelect(),
            of.isvProdId(),
            of.isvSvn(),
            of.configId(),
            of.configSvn(),
            of.isvFamilyId(),
            of.isvExtProdId());
    return file(name, changed.report(InspectSamples.CPU_SVN, Bytes.zeros(64)).encode());
  }

  /** A debug report of the vector's enclave with a lower version. */
  private String upgraded() throws IOException {
    EnclaveIdentity of = identity("enclave.sig");
    EnclaveIdentity other =
        new EnclaveIdentity(
            Bytes.hex("bb".repeat(32)),
            of.mrSigner(),
            of.attributes().with(Attributes.DEBUG),
            0,
            7,
            2,
            of.configId(),
            0,
            of.isvFamilyId(),
            of.isvExtProdId());
    return file("other", other.report(InspectSamples.CPU_SVN, Bytes.zeros(64)).encode());
  }

  private static EnclaveIdentity identity(String vector) throws IOException {
    try {
      return EnclaveIdentity.initialised(
          SigStruct.parse(Bytes.wrap(Files.readAllBytes(Path.of(vector(vector))))));
    } catch (MalformedException broken) {
      throw new AssertionError(broken);
    }
  }

  private static Run inspect(String... arguments) {
    return Run.of(new InspectCommand(), arguments);
  }

  private static String vector(String name) {
    return Run.VECTORS.resolve(name).toString();
  }

  private String file(String name, Bytes content) throws IOException {
    return Files.write(folder.resolve(name), content.toArray()).toString();
  }
}
