package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.TlsFiles;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Machine;
import dev.reseal.emulator.PlatformIdentity;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code reseal collateral} against a real service, over the collateral of an emulated platform.
 */
class CollateralCommandTest {
  private static final String NOBODY = "http://127.0.0.1:1";

  @TempDir private Path home;
  private Path platform;
  private Path out;
  private Machine machine;

  @BeforeEach
  void make() throws IOException {
    platform = home.resolve("platform");
    out = home.resolve("out");
    machine = Machine.init(platform, PlatformIdentity.FIRST_FMSPC, Instant.now().minusSeconds(60));
  }

  private Run collateral(String verb, String... more) {
    List<String> all =
        new ArrayList<>(List.of(verb, "--root", platform.resolve("root.pem").toString()));
    all.addAll(List.of(more));
    Run run = Run.of(new picocli.CommandLine(CollateralCommand.class), all);
    assertThat(run.code()).isIn(0, 2, 20, 47);
    assertThat(run.err()).doesNotContain("\tat ");
    return run;
  }

  private Run fetch(String... more) {
    List<String> all = new ArrayList<>(List.of("--out", out.toString()));
    all.addAll(
        List.of(
            "--fmspc", PlatformIdentity.FIRST_FMSPC.toHex(), "--tee", "sgx", "--ca", "platform"));
    all.addAll(List.of(more));
    return collateral("fetch", all.toArray(String[]::new));
  }

  private void change(java.util.function.UnaryOperator<Machine> how) throws IOException {
    machine = Machine.change(platform, how);
  }

  private Bytes quote() {
    EnclaveIdentity code =
        new EnclaveIdentity(
            Bytes.ascii("image").sha256(),
            Bytes.ascii("signer").sha256(),
            Attributes.PRODUCTION.with(Attributes.INIT),
            0,
            1,
            2,
            Bytes.zeros(64),
            0,
            Bytes.zeros(16),
            Bytes.zeros(16));
    return machine.quoting().quote(code.report(machine.cpu().tcb().cpuSvn(), Bytes.zeros(64)));
  }

  @Test
  void whatAServiceServesIsFetchedShownVerifiedAndJudgesTheQuote() throws Exception {
    Path quote = Files.write(home.resolve("quote"), quote().toArray());
    try (Pccs pccs = Pccs.inTheClear(platform)) {
      Run fetched =
          collateral(
              "fetch",
              "--out",
              out.toString(),
              "--quote",
              quote.toString(),
              "--endpoint",
              NOBODY,
              "--endpoint",
              pccs.uri());
      assertThat(fetched.code()).as(fetched.err()).isZero();
      assertThat(fetched.out()).contains("passed over " + NOBODY, "from " + pccs.uri());
    }
    for (Part part : Part.values()) {
      assertThat(out.resolve(part.fileName())).exists();
    }
    Run shown = collateral("show", out.toString());
    assertThat(shown.code()).isZero();
    assertThat(shown.out().lines()).hasSize(Part.values().length);
    assertThat(shown.out()).contains(PlatformIdentity.FIRST_FMSPC.toHex());
    assertThat(collateral("verify", out.toString()).out()).startsWith("good at ");
    Run late = collateral("verify", out.toString(), "--at", "2099-01-01T00:00:00Z");
    assertThat(late.code()).isEqualTo(47);
    assertThat(late.out()).contains("expired");
    Run verified =
        Run.of(
            new VerifyCommand(),
            "--quote",
            quote.toString(),
            "--collateral",
            out.toString(),
            "--root",
            platform.resolve("root.pem").toString());
    assertThat(verified.code()).isEqualTo(44);
    assertThat(verified.out()).contains("UpToDate");
  }

  @Test
  void theEarlyChannelIsAnotherAnswer() throws Exception {
    change(m -> m.recovering("EMULATED-SA-00001", Instant.now().minusSeconds(30)));
    try (Pccs pccs = Pccs.inTheClear(platform)) {
      fetch("--endpoint", pccs.uri());
      byte[] standard = Files.readAllBytes(out.resolve(Part.TCB_INFO.fileName()));
      assertThat(fetch("--endpoint", pccs.uri(), "--update", "early").code()).isZero();
      assertThat(Files.readAllBytes(out.resolve(Part.TCB_INFO.fileName()))).isNotEqualTo(standard);
    }
  }

  @Test
  void olderCollateralThanTheCacheHoldsIsPassedOver() throws Exception {
    String cache = home.resolve("cache").toString();
    Path old = copy(platform.resolve("collateral"), home.resolve("old"));
    change(m -> m.reissued(Instant.now().minusSeconds(30)));
    try (Pccs pccs = Pccs.inTheClear(platform)) {
      assertThat(fetch("--endpoint", pccs.uri(), "--cache", cache).out())
          .contains("from " + pccs.uri());
      copy(old, platform.resolve("collateral"));
      Run kept = fetch("--endpoint", pccs.uri(), "--cache", cache);
      assertThat(kept.code()).isZero();
      assertThat(kept.out())
          .contains("serves older collateral than the cache holds", "from the cache");
    }
    assertThat(fetch("--offline", "--cache", cache).out()).contains("from the cache");
    assertThat(fetch("--endpoint", NOBODY, "--cache", cache).out()).contains("from the cache");
  }

  private static Path copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return to;
  }

  @Test
  void aPrivateTlsAuthorityIsBelievedOnlyWhenItIsNamed() throws Exception {
    TlsFiles.create(home, Instant.now());
    Path other = Files.createDirectories(home.resolve("other"));
    TlsFiles.create(other, Instant.now());
    try (Pccs pccs = Pccs.overTls(platform, home)) {
      Run unknown = fetch("--endpoint", pccs.uri());
      assertThat(unknown.code()).isEqualTo(20);
      assertThat(unknown.err()).contains("nothing usable; " + pccs.uri(), "not believed");
      assertThat(
              fetch("--endpoint", pccs.uri(), "--tls-ca", other.resolve("tls.pem").toString())
                  .code())
          .isEqualTo(20);
      assertThat(
              fetch("--endpoint", pccs.uri(), "--tls-ca", home.resolve("tls.pem").toString())
                  .code())
          .isZero();
      Path none = Files.writeString(home.resolve("none.pem"), "no certificate");
      assertThat(fetch("--endpoint", pccs.uri(), "--tls-ca", none.toString()).code()).isEqualTo(2);
    }
  }

  @Test
  void aServiceThatLiesIsNamedAndNothingIsWritten() throws Exception {
    Path info = platform.resolve("collateral").resolve(Part.TCB_INFO.fileName());
    Files.writeString(info, Files.readString(info).replace("UpToDate", "OutOfDate"));
    try (Pccs pccs = Pccs.inTheClear(platform)) {
      Run run = fetch("--endpoint", pccs.uri());
      assertThat(run.code()).isEqualTo(20);
      assertThat(run.err()).contains("tcb-info-signature");
    }
    assertThat(out).doesNotExist();
  }

  @Test
  void badRequestsAndFilesAreNamed() throws Exception {
    assertThat(fetch("--endpoint", "http://example.org").code()).isEqualTo(2);
    assertThat(fetch("--endpoint", NOBODY, "--update", "soon").code()).isEqualTo(2);
    assertThat(fetch("--endpoint", NOBODY, "--tee", "sev").code()).isEqualTo(2);
    assertThat(fetch("--offline").err()).contains("nothing in date");
    assertThat(collateral("fetch", "--out", out.toString()).err()).contains("--quote FILE");
    assertThat(collateral("fetch", "--out", out.toString(), "--quote", "/none").code())
        .isEqualTo(20);
    assertThat(collateral("show", "/none").err()).contains("does not exist");
    Path junk = Files.write(home.resolve("junk"), new byte[] {(byte) 0xff, 0, 1});
    assertThat(collateral("show", junk.toString()).code()).isEqualTo(47);
    assertThat(collateral("verify", junk.toString()).code()).isEqualTo(47);
    assertThat(collateral("verify", home.toString()).out()).contains("collateral-missing");
    assertThat(collateral("verify", home.toString(), "--at", "soon").code()).isEqualTo(2);
  }
}
