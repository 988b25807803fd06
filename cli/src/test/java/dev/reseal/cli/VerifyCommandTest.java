package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
  private static final Path CASES =
      Path.of("../quote/src/test/resources/dev/reseal/quote/cases.zip");
  private static final String AT = "2026-05-10T12:00:00Z";

  @TempDir private Path folder;

  @BeforeEach
  void unpack() throws IOException {
    try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(CASES))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        String name = entry.getName();
        if (name.matches("(good|debug|emulated|pck-revoked|level-below|tcb-info-edited)/.*")) {
          Path file = folder.resolve(name);
          Files.createDirectories(file.getParent());
          Files.write(file, zip.readAllBytes());
        }
      }
    }
  }

  private Run verify(String name, String... more) {
    String[] arguments = {
      "--quote",
      folder.resolve(name + "/quote.bin").toString(),
      "--collateral",
      folder.resolve(name + "/collateral").toString(),
      "--root",
      folder.resolve(name + "/root.pem").toString(),
      "--at",
      AT,
      "--json"
    };
    return Run.of(new VerifyCommand(), concat(arguments, more));
  }

  private static String[] concat(String[] first, String[] second) {
    return java.util.stream.Stream.of(first, second)
        .flatMap(java.util.Arrays::stream)
        .toArray(String[]::new);
  }

  @Test
  void theExitCodeSaysOfWhatKindARefusalIs() throws IOException {
    assertThat(verify("good").code()).isZero();
    assertThat(verify("good").out()).contains("\"verdict\":\"UpToDate\",\"accepted\":true");
    assertThat(verify("debug").code()).isEqualTo(49);
    assertThat(verify("debug").out())
        .contains("\"verdict\":\"UpToDate\"", "\"denied_by\":\"debug\"");
    assertThat(verify("emulated").code()).isEqualTo(44);
    assertThat(verify("emulated").out()).contains("\"issued_by\":\"EMULATED (no security) ");
    assertThat(verify("good").out()).doesNotContain("EMULATED");
    assertThat(verify("level-below").code()).isEqualTo(43);
    assertThat(verify("level-below").out()).contains("\"denied_by\":\"status\"");
    assertThat(verify("pck-revoked").code()).isEqualTo(43);
    assertThat(verify("tcb-info-edited").code()).isEqualTo(40);
    assertThat(verify("tcb-info-edited").out())
        .contains("\"verdict\":\"Refused\",\"reason\":\"tcb-info-signature\"");
    Files.delete(folder.resolve("good/collateral/pck_crl.der"));
    assertThat(verify("good").code()).isEqualTo(47);
  }

  @Test
  void reportDataAndPolicyCount() throws IOException {
    assertThat(verify("good", "--expect-report-data", "00".repeat(64)).code()).isZero();
    assertThat(verify("good", "--expect-report-data", "01".repeat(64)).code()).isEqualTo(48);
    assertThat(verify("good", "--expect-report-data", "01").code()).isEqualTo(2);
    Path policy = folder.resolve("policy.json");
    Files.writeString(policy, "{\"version\":1,\"statuses\":[\"OutOfDate\"]}");
    assertThat(verify("level-below", "--policy", policy.toString()).code()).isZero();
    Files.writeString(policy, "{\"version\":1,\"statuses\":[\"Fine\"]}");
    assertThat(verify("good", "--policy", policy.toString()).code()).isEqualTo(2);
  }

  @Test
  void theWholeCommandCanBeBuilt() {
    assertThat(Reseal.commandLine().getSubcommands()).containsKeys("verify", "collateral");
  }

  @Test
  void badArgumentsAndFilesAreNamed() {
    assertThat(Run.of(new VerifyCommand()).code()).isEqualTo(2);
    Run missing = Run.of(new VerifyCommand(), "--quote", folder.resolve("none").toString());
    assertThat(missing.code()).isEqualTo(20);
    assertThat(missing.err()).contains("does not exist");
    Run late = Run.of(new VerifyCommand(), "--quote", "x", "--at", "yesterday");
    assertThat(late.code()).isEqualTo(2);
    Run noCollateral =
        Run.of(
            new VerifyCommand(), "--quote", folder.resolve("good/quote.bin").toString(), "--json");
    assertThat(noCollateral.code()).isEqualTo(47);
    assertThat(noCollateral.out()).contains("collateral-missing");
  }

  @Test
  void aBatchAnswersEveryLineInOrder() throws IOException {
    Path batch = folder.resolve("batch.jsonl");
    String line =
        "{\"id\":\"%s\",\"quote\":\"%s/quote.bin\",\"collateral\":\"%s\",\"at\":\"%s\"}%n";
    String good = folder.resolve("good").toString();
    Files.writeString(
        batch,
        line.formatted("a", good, good + "/collateral", AT)
            + line.formatted("b", good, good + "/collateral", "2030-01-01T00:00:00Z"));
    String root = folder.resolve("good/root.pem").toString();
    Run run = Run.of(new VerifyCommand(), "--batch", batch.toString(), "--root", root);
    assertThat(run.code()).isZero();
    assertThat(run.out().lines().toList()).hasSize(2);
    assertThat(run.out().lines().toList().getFirst())
        .startsWith("{\"id\":\"a\",\"verdict\":\"UpToDate\"");
    assertThat(run.out().lines().toList().getLast()).contains("\"id\":\"b\"", "Refused");
    Files.writeString(batch, "not json\n" + line.formatted("c", "/none", good, AT));
    Run bad = Run.of(new VerifyCommand(), "--batch", batch.toString(), "--root", root);
    assertThat(bad.code()).isEqualTo(20);
    assertThat(bad.out().lines().toList()).hasSize(2).allMatch(l -> l.contains("\"error\":"));
  }
}
