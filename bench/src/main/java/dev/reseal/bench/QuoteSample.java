package dev.reseal.bench;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * The quote that is measured: a case of the project's own PKI, or a folder that RESEAL_QUOTE names.
 */
record QuoteSample(Bytes quote, Collateral collateral, TrustAnchors anchors, Instant at) {
  private static final String NAMED = "RESEAL_QUOTE";

  static QuoteSample load() {
    try {
      String folder = System.getenv(NAMED);
      return folder == null ? own() : genuine(Path.of(folder));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    } catch (MalformedException damaged) {
      throw new IllegalStateException(damaged);
    }
  }

  /** A folder with quote.bin, collateral/ and case.json, which names the instant; Intel's root. */
  private static QuoteSample genuine(Path folder) throws IOException {
    Map<Part, Bytes> parts = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      parts.put(
          part,
          Bytes.wrap(Files.readAllBytes(folder.resolve("collateral").resolve(part.fileName()))));
    }
    String json = Files.readString(folder.resolve("case.json"));
    int from = json.indexOf("\"at\": \"") + 7;
    return new QuoteSample(
        Bytes.wrap(Files.readAllBytes(folder.resolve("quote.bin"))),
        new Collateral(parts),
        TrustAnchors.INTEL,
        Instant.parse(json.substring(from, json.indexOf('"', from))));
  }

  private static QuoteSample own() throws IOException, MalformedException {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.exists(here.resolve("spec/README.md"))) {
      here = Objects.requireNonNull(here.getParent(), "run this inside the repository");
    }
    Map<String, Bytes> files = new HashMap<>();
    Path archive = here.resolve("quote/src/test/resources/dev/reseal/quote/cases.zip");
    try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(archive))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (entry.getName().startsWith("good/")) {
          files.put(entry.getName().substring(5), Bytes.wrap(zip.readAllBytes()));
        }
      }
    }
    Map<Part, Bytes> parts = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      parts.put(part, file(files, "collateral/" + part.fileName()));
    }
    String expected = new String(file(files, "expected.txt").toArray(), StandardCharsets.US_ASCII);
    return new QuoteSample(
        file(files, "quote.bin"),
        new Collateral(parts),
        TrustAnchors.ofPem(file(files, "root.pem")),
        Instant.parse(expected.lines().skip(1).findFirst().orElseThrow()));
  }

  private static Bytes file(Map<String, Bytes> files, String name) {
    return Objects.requireNonNull(files.get(name), name);
  }
}
