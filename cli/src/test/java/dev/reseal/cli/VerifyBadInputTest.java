package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is given to {@code reseal verify}: a named refusal or a clear error, nothing else. */
@Timeout(300)
class VerifyBadInputTest {
  private static final String AT = "2026-05-10T12:00:00Z";

  @TempDir private static Path folder;

  @BeforeAll
  static void unpack() throws IOException {
    try (ZipInputStream zip =
        new ZipInputStream(
            Files.newInputStream(
                Path.of("../quote/src/test/resources/dev/reseal/quote/cases.zip")))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (entry.getName().matches("(good|other-fmspc|td10-v4)/.*")) {
          Path file = folder.resolve(entry.getName());
          Files.createDirectories(file.getParent());
          Files.write(file, zip.readAllBytes());
        }
      }
    }
  }

  private static Path in(String name) {
    return folder.resolve(name);
  }

  /** Neither accepted nor a failure of ours; what it says is on one of both outputs. */
  private static Run refused(String... arguments) {
    Run run = Run.of(new VerifyCommand(), arguments);
    String all = String.join(" ", arguments);
    assertThat(run.code()).as(all + run.out() + run.err()).isIn(2, 20, 40, 43, 47, 48, 49);
    assertThat(run.err()).as(all).doesNotContain("\tat ", "Exception", "null");
    assertThat(run.out() + run.err())
        .as(all)
        .hasSizeGreaterThan(20)
        .doesNotContain("accepted  true");
    return run;
  }

  private static Run judged(Path quote, Path collateral) {
    return refused(
        "--quote",
        quote.toString(),
        "--collateral",
        collateral.toString(),
        "--root",
        in("good/root.pem").toString(),
        "--at",
        AT);
  }

  private static Path file(String name, Bytes content) throws IOException {
    return Files.write(in(name), content.toArray());
  }

  private static Path goodBut(Part part, Bytes content) throws IOException {
    Path other = Files.createDirectories(in("spoiled"));
    try (var files = Files.list(in("good/collateral"))) {
      for (Path file : files.toList()) {
        Files.copy(file, other.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.write(other.resolve(part.fileName()), content.toArray());
    return other;
  }

  @Test
  void anyBytesAsAQuote() throws IOException {
    Bytes good = Bytes.wrap(Files.readAllBytes(in("good/quote.bin")));
    List<Bytes> quotes = new ArrayList<>();
    for (int size : new int[] {0, 1, 47, 48, 431, 432, 436, 1000, good.size() - 1}) {
      quotes.add(good.slice(0, size));
    }
    for (long seed = 0; seed < 8; seed++) {
      byte[] random = new byte[5000];
      new Random(seed).nextBytes(random);
      quotes.add(Bytes.of(random));
      random[0] = (byte) (3 + seed % 3);
      random[1] = 0;
      quotes.add(Bytes.of(random));
    }
    quotes.add(Bytes.concat(Bytes.hex("0200"), Bytes.zeros(1200)));
    quotes.add(Bytes.zeros(5 << 20));
    for (Bytes quote : quotes) {
      judged(file("quote", quote), in("good/collateral"));
    }
  }

  @Test
  void filesOfAnotherKindOrNone() {
    Path quote = in("good/quote.bin");
    Path collateral = in("good/collateral");
    assertThat(judged(in("none"), collateral).code()).isEqualTo(20);
    assertThat(judged(collateral, collateral).err()).contains("is a directory");
    assertThat(judged(in("good/root.pem"), collateral).out()).contains("quote-format");
    assertThat(judged(quote, in("none")).code()).isEqualTo(20);
    assertThat(judged(quote, quote).out()).contains("collateral-format");
    assertThat(judged(quote, in("good")).out()).contains("collateral-missing");
    assertThat(judged(quote, in("good/collateral/tcb_info.json")).code()).isEqualTo(47);
    Run root =
        refused("--quote", quote.toString(), "--root", in("good/quote.bin").toString(), "--at", AT);
    assertThat(root.code()).isEqualTo(2);
    Run policy = refused("--quote", quote.toString(), "--policy", quote.toString(), "--at", AT);
    assertThat(policy.code()).isEqualTo(2);
  }

  @Test
  void collateralOfAnotherPlatformOrTee() {
    for (String other : List.of("other-fmspc", "td10-v4")) {
      String quote = in(other + "/quote.bin").toString();
      String root = in(other + "/root.pem").toString();
      String good = in("good/collateral").toString();
      refused("--quote", quote, "--collateral", good, "--root", root, "--at", AT);
    }
    Run mismatch =
        refused(
            "--quote",
            in("other-fmspc/quote.bin").toString(),
            "--collateral",
            in("other-fmspc/collateral").toString(),
            "--root",
            in("other-fmspc/root.pem").toString(),
            "--at",
            AT);
    assertThat(mismatch.out()).contains("tcb-info-mismatch");
  }

  @Test
  void bombsInEveryPartAndAsOneFile() throws IOException {
    Map<String, Bytes> bombs = new LinkedHashMap<>();
    bombs.put("deep arrays", Bytes.ascii("{\"tcbInfo\":" + "[".repeat(100_000)));
    bombs.put("deep objects", Bytes.ascii("{\"tcb_info\":" + "{\"a\":".repeat(100_000)));
    bombs.put("huge number", Bytes.ascii("{\"tcbInfo\":{\"version\":" + "9".repeat(99_999) + "}}"));
    bombs.put("exponent", Bytes.ascii("{\"tcbInfo\":{\"version\":1e99999999},\"signature\":\"\"}"));
    bombs.put("duplicate", Bytes.ascii("{\"tcb_info\":\"a\",\"tcb_info\":\"b\"}"));
    bombs.put("wrong types", Bytes.ascii("{\"tcb_info\":1,\"tcbInfo\":[],\"signature\":null}"));
    bombs.put("not UTF-8", Bytes.concat(Bytes.ascii("{\"tcb_info\":\""), Bytes.hex("c0803d")));
    bombs.put("DER depth", Bytes.hex("30".repeat(20_000)));
    bombs.put("DER length", Bytes.hex("3084ffffffff"));
    bombs.put("endless DER", Bytes.hex("3080"));
    bombs.put("PEM", Bytes.ascii("-----BEGIN CERTIFICATE-----\n".repeat(10_000)));
    bombs.put("nothing", Bytes.EMPTY);
    bombs.put("too large", Bytes.zeros(17 << 20));
    for (Bytes bomb : bombs.values()) {
      judged(in("good/quote.bin"), file("bundle.json", bomb));
      for (Part part : Part.values()) {
        if (part != Part.PCK_CRL_ISSUER_CHAIN) {
          judged(in("good/quote.bin"), goodBut(part, bomb));
        }
      }
    }
  }

  @Test
  void anotherTimeAndOtherArguments() {
    String quote = in("good/quote.bin").toString();
    String collateral = in("good/collateral").toString();
    String root = in("good/root.pem").toString();
    String[] base = {"--quote", quote, "--collateral", collateral, "--root", root, "--at"};
    Map<String, String> says =
        Map.of(
            "2020-01-01T00:00:00Z", "not-yet-valid",
            "2099-01-01T00:00:00Z", "expired",
            "-999999999-01-01T00:00:00Z", "not-yet-valid",
            "+999999999-12-31T23:59:59Z", "expired");
    says.forEach((at, word) -> {
      String[] all = Arrays.copyOf(base, base.length + 1);
      all[base.length] = at;
      assertThat(refused(all).out()).contains(word);
    });
    for (String at : List.of("yesterday", "2026-05-10", "2026-13-10T12:00:00Z", "")) {
      assertThat(refused("--quote", quote, "--at", at).code()).isEqualTo(2);
    }
    for (String data : List.of("", "zz", "00".repeat(63), "0".repeat(127), "00".repeat(65))) {
      assertThat(refused("--quote", quote, "--expect-report-data", data).code()).isEqualTo(2);
    }
    assertThat(refused("--quote", quote, "--batch", quote).code()).isEqualTo(2);
    assertThat(refused("--batch", quote, "--collateral", collateral).code()).isEqualTo(2);
  }

  @Test
  void aBatchOfAnything() throws IOException {
    Path batch = in("batch");
    Bytes longLine = Bytes.ascii("{\"id\":\"" + "x".repeat(1 << 20) + "\"}\n");
    Files.write(batch, Bytes.concat(longLine, Bytes.ascii("[]\n{}\n{\"id\":1}\n\n")).toArray());
    Run run = Run.of(new VerifyCommand(), "--batch", batch.toString());
    assertThat(run.code()).isEqualTo(20);
    assertThat(run.out().lines()).hasSize(4).allMatch(line -> line.contains("\"error\":"));
    Files.write(batch, new byte[] {'{', (byte) 0xff, '\n'});
    assertThat(refused("--batch", batch.toString()).err()).contains("not UTF-8");
    assertThat(refused("--batch", in("none").toString()).code()).isEqualTo(20);
    assertThat(refused("--batch", in("good").toString()).code()).isEqualTo(20);
  }
}
