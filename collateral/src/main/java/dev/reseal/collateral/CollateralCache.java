package dev.reseal.collateral;

import dev.reseal.quote.Collateral;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.quote.Json;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;

/**
 * Collateral kept in a folder, one below for each request, with the ETags of its parts. What is
 * read back is verified like anything that came from outside.
 */
record CollateralCache(Path folder) {
  private static final String ETAGS = "etags.json";

  /**
   * What is kept for one request.
   *
   * @param etags by the URI that answered with them
   */
  record Kept(Collateral collateral, Map<String, String> etags) {
    static final Kept NOTHING = new Kept(new Collateral(Map.of()), Map.of());

    Kept {
      etags = Map.copyOf(etags);
    }

    boolean complete() {
      return collateral.parts().size() == Part.values().length;
    }
  }

  Kept read(FetchRequest request) throws IOException {
    Path place = folder.resolve(request.name());
    if (!Files.isDirectory(place)) {
      return Kept.NOTHING;
    }
    try {
      return new Kept(CollateralFiles.load(place), etags(place.resolve(ETAGS)));
    } catch (MalformedException damaged) {
      return Kept.NOTHING;
    }
  }

  private static Map<String, String> etags(Path file) throws IOException, MalformedException {
    Map<String, String> etags = new HashMap<>();
    if (Files.exists(file)) {
      Json.Obj in = Json.parse(ETAGS, CollateralFiles.read(file, CollateralFiles.MAX_PART));
      for (String uri : in.members().keySet()) {
        etags.put(uri, in.text(uri));
      }
    }
    return etags;
  }

  void write(FetchRequest request, Kept kept) throws IOException {
    Path place = folder.resolve(request.name());
    CollateralFiles.save(kept.collateral(), place);
    StringBuilder json = new StringBuilder("{");
    kept.etags()
        .forEach((uri, tag) -> {
          json.append(json.length() == 1 ? "" : ",");
          json.append(quoted(uri)).append(':').append(quoted(tag));
        });
    Path fresh = Files.createTempFile(place, ".etags", ".tmp");
    try {
      Files.writeString(fresh, json.append('}'), StandardCharsets.UTF_8);
      Files.move(
          fresh,
          place.resolve(ETAGS),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
