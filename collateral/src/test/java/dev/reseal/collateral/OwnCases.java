package dev.reseal.collateral;

import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Checkout;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.Collateral.Part;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The vectors of the project's own PKI, which module quote keeps. */
final class OwnCases {
  private final Map<String, Bytes> files;

  private OwnCases(Map<String, Bytes> files) {
    this.files = files;
  }

  static OwnCases read() throws IOException {
    Map<String, Bytes> files = new HashMap<>();
    Path archive = Checkout.file("quote/src/test/resources/dev/reseal/quote/cases.zip");
    try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(archive))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        files.put(entry.getName(), Bytes.wrap(zip.readAllBytes()));
      }
    }
    return new OwnCases(files);
  }

  Collateral collateral(String name) {
    Map<Part, Bytes> parts = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      parts.put(part, file(name + "/collateral/" + part.fileName()));
    }
    return new Collateral(parts);
  }

  Bytes quote(String name) {
    return file(name + "/quote.bin");
  }

  Bytes root(String name) {
    return file(name + "/root.pem");
  }

  String expected(String name) {
    return new String(file(name + "/expected.txt").toArray(), StandardCharsets.US_ASCII)
        .lines()
        .findFirst()
        .orElseThrow();
  }

  private Bytes file(String name) {
    return Objects.requireNonNull(files.get(name), name);
  }
}
