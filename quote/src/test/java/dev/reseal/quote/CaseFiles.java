package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * The cases as vectors, in the form of a collateral folder each: {@code NAME/quote.bin}, {@code
 * NAME/root.pem}, {@code NAME/collateral/*}, {@code NAME/expected.txt} (verdict, then instant), all
 * in one archive because they repeat much. {@link #main} writes it anew.
 */
final class CaseFiles {
  /** One vector. */
  record Vector(TestPki.Built built, String expected) {}

  private CaseFiles() {}

  public static void main(String[] arguments) throws IOException {
    Files.createDirectories(Path.of(arguments[0]).toAbsolutePath().getParent());
    try (OutputStream file = Files.newOutputStream(Path.of(arguments[0]));
        ZipOutputStream zip = new ZipOutputStream(file)) {
      for (String name : Cases.all().keySet().stream().sorted().toList()) {
        Cases.Case one = java.util.Objects.requireNonNull(Cases.all().get(name));
        TestPki.Built built = one.build();
        put(zip, name + "/quote.bin", built.quote());
        put(zip, name + "/root.pem", built.rootPem());
        put(zip, name + "/expected.txt", Bytes.ascii(one.expected() + "\n" + built.at() + "\n"));
        for (Part part : Part.values()) {
          for (Bytes content : built.collateral().part(part).stream().toList()) {
            put(zip, name + "/collateral/" + part.fileName(), content);
          }
        }
      }
    }
  }

  private static void put(ZipOutputStream zip, String name, Bytes content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content.toArray());
    zip.closeEntry();
  }

  /** The committed vectors by name. */
  static Map<String, Vector> read() throws IOException, MalformedException {
    Map<String, Map<String, Bytes>> files = new LinkedHashMap<>();
    try (ZipInputStream zip =
        new ZipInputStream(
            java.util.Objects.requireNonNull(
                CaseFiles.class.getResourceAsStream("cases.zip"), "cases.zip"))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        String[] path = entry.getName().split("/", 2);
        files
            .computeIfAbsent(path[0], _ -> new LinkedHashMap<>())
            .put(path[1], Bytes.wrap(zip.readAllBytes()));
      }
    }
    Map<String, Vector> all = new LinkedHashMap<>();
    files.forEach((name, of) -> all.put(name, vector(of)));
    return all;
  }

  private static Vector vector(Map<String, Bytes> files) {
    Map<Part, Bytes> parts = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      Bytes content = files.get("collateral/" + part.fileName());
      if (content != null) {
        parts.put(part, content);
      }
    }
    String[] expected =
        new String(need(files, "expected.txt").toArray(), StandardCharsets.US_ASCII).split("\n");
    return new Vector(
        new TestPki.Built(
            need(files, "quote.bin"),
            new Collateral(parts),
            need(files, "root.pem"),
            Instant.parse(expected[1])),
        expected[0]);
  }

  private static Bytes need(Map<String, Bytes> files, String name) {
    return java.util.Objects.requireNonNull(files.get(name), name);
  }
}
