package dev.reseal.collateral;

import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Checkout;
import dev.reseal.quote.Json;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The shared quotes with their expected verdicts; derived ones are made by their operations. */
final class Vectors {
  /**
   * A quote with collateral.
   *
   * @param files quote.bin and collateral/NAME
   * @param verdicts those that are right
   * @param reasons those that fit a refusal
   */
  record Case(
      String id,
      Instant at,
      Map<String, Bytes> files,
      List<String> verdicts,
      List<String> reasons,
      List<String> advisories) {

    Bytes quote() {
      return file(files, "quote.bin");
    }

    @Override
    public String toString() {
      return id;
    }
  }

  private final Path root;

  private Vectors(Path root) {
    this.root = root;
  }

  /** The vectors beside the repository, or in RESEAL_SHARED; skips the test, aloud, if absent. */
  static Vectors present() {
    String named = System.getenv("RESEAL_SHARED");
    Path shared = named == null ? Checkout.file("../shared") : Path.of(named);
    Path root = shared.resolve("vectors").normalize();
    Assumptions.assumeTrue(
        Files.isDirectory(root.resolve("quotes")),
        "no shared vectors at " + root + "; set RESEAL_SHARED to run this test");
    return new Vectors(root);
  }

  Path root() {
    return root;
  }

  List<Case> genuine() throws IOException, MalformedException {
    List<Case> all = new ArrayList<>();
    for (Path folder : list(root.resolve("quotes"))) {
      all.add(genuine(folder));
    }
    return all;
  }

  List<Path> quotesOnly() throws IOException {
    return list(root.resolve("quotes-only"));
  }

  List<Case> derived() throws IOException, MalformedException {
    List<Case> all = new ArrayList<>();
    for (Path mutation : list(root.resolve("quotes-negative"))) {
      for (Path one : list(mutation)) {
        if (Files.isDirectory(one)) {
          all.add(genuine(one));
        } else if (one.toString().endsWith(".json")) {
          all.add(derived(one));
        }
      }
    }
    return all;
  }

  static Json.Obj json(Path file) throws IOException, MalformedException {
    return Json.parse(file.toString(), Bytes.wrap(Files.readAllBytes(file)));
  }

  private static Case genuine(Path folder) throws IOException, MalformedException {
    return of(json(folder.resolve("case.json")), files(folder));
  }

  private static Case of(Json.Obj json, Map<String, Bytes> files) throws MalformedException {
    Json.Obj expected = json.object("expected");
    List<String> verdicts = new ArrayList<>(expected.texts("also_accepted"));
    verdicts.add(expected.text("verdict"));
    return new Case(
        json.text("id"),
        Instant.parse(json.text("at")),
        files,
        verdicts,
        expected.texts("reasons"),
        expected.texts("advisories"));
  }

  private static Map<String, Bytes> files(Path folder) throws IOException {
    Map<String, Bytes> files = new HashMap<>();
    files.put("quote.bin", Bytes.wrap(Files.readAllBytes(folder.resolve("quote.bin"))));
    for (Path file : list(folder.resolve("collateral"))) {
      files.put("collateral/" + file.getFileName(), Bytes.wrap(Files.readAllBytes(file)));
    }
    return files;
  }

  private Case derived(Path file) throws IOException, MalformedException {
    Json.Obj json = json(file);
    Map<String, Bytes> base = files(root.resolve("quotes").resolve(json.text("base")));
    Map<String, Bytes> files = new HashMap<>(base);
    if (json.has("ops")) {
      for (Json op : json.list("ops")) {
        apply((Json.Obj) op, base, files);
      }
    }
    check(json, files);
    return of(json, files);
  }

  private static void check(Json.Obj json, Map<String, Bytes> files) throws MalformedException {
    if (json.has("result_sha256")) {
      for (Map.Entry<String, Json> result : json.object("result_sha256").members().entrySet()) {
        if (result.getValue() instanceof Json.Text(String hex)
            && !file(files, result.getKey()).sha256().toHex().equals(hex)) {
          throw new IllegalStateException(json.text("id") + ": wrong " + result.getKey());
        }
      }
    }
  }

  private void apply(Json.Obj op, Map<String, Bytes> base, Map<String, Bytes> files)
      throws IOException, MalformedException {
    String target = op.text("target");
    byte[] bytes = files.getOrDefault(target, Bytes.EMPTY).toArray();
    switch (op.text("op")) {
      case "xor" -> {
        int at = op.number("offset", bytes.length);
        byte[] mask = Bytes.hex(op.text("hex")).toArray();
        for (int i = 0; i < mask.length; i++) {
          bytes[at + i] ^= mask[i];
        }
      }
      case "write" -> {
        byte[] with = Bytes.hex(op.text("hex")).toArray();
        System.arraycopy(with, 0, bytes, op.number("offset", bytes.length), with.length);
      }
      case "splice" -> {
        int at = op.number("offset", bytes.length);
        int cut = op.has("delete") ? op.number("delete", bytes.length) : 0;
        bytes =
            Bytes.concat(
                    Bytes.of(Arrays.copyOf(bytes, at)),
                    op.has("insert") ? pieces(op, base) : Bytes.EMPTY,
                    Bytes.of(Arrays.copyOfRange(bytes, at + cut, bytes.length)))
                .toArray();
      }
      case "append" -> bytes = Bytes.concat(Bytes.of(bytes), pieces(op, base)).toArray();
      case "truncate" -> bytes = Arrays.copyOf(bytes, op.number("length", bytes.length));
      case "replace-text" -> {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int at = text.indexOf(op.text("find"));
        String with = text.substring(0, at) + op.text("with");
        bytes =
            (with + text.substring(at + op.text("find").length()))
                .getBytes(StandardCharsets.ISO_8859_1);
      }
      case "copy-file" -> bytes = Files.readAllBytes(root.resolve(op.text("from")));
      case "delete-file" -> {
        files.remove(target);
        return;
      }
      default -> throw new IllegalStateException("unknown operation " + op.text("op"));
    }
    files.put(target, Bytes.wrap(bytes));
  }

  private Bytes pieces(Json.Obj op, Map<String, Bytes> base)
      throws IOException, MalformedException {
    List<Bytes> all = new ArrayList<>();
    for (Json item : op.list("insert")) {
      Json.Obj piece = (Json.Obj) item;
      Bytes bytes = piece(piece, base);
      int times = piece.has("repeat") ? piece.number("repeat", 1 << 20) : 1;
      for (int i = 0; i < times; i++) {
        all.add(bytes);
      }
    }
    return Bytes.concat(all.toArray(Bytes[]::new));
  }

  private Bytes piece(Json.Obj piece, Map<String, Bytes> base)
      throws IOException, MalformedException {
    if (piece.has("hex")) {
      return Bytes.hex(piece.text("hex"));
    }
    if (piece.has("text")) {
      return Bytes.wrap(piece.text("text").getBytes(StandardCharsets.UTF_8));
    }
    Bytes whole =
        piece.has("base_file")
            ? file(base, piece.text("base_file"))
            : Bytes.wrap(Files.readAllBytes(root.resolve(piece.text("file"))));
    int at = piece.has("offset") ? piece.number("offset", whole.size()) : 0;
    int size = piece.has("length") ? piece.number("length", whole.size()) : whole.size() - at;
    return whole.slice(at, size);
  }

  private static Bytes file(Map<String, Bytes> files, String name) {
    return Objects.requireNonNull(files.get(name), name);
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }
}
