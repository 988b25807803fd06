package dev.reseal.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every vector of spec/vectors/rsc1: written as said, opened as said, refused as said. */
final class Rsc1VectorsTest {
  private static final Set<String> KEYS =
      Set.of(
          "title",
          "lineage",
          "policy",
          "plat-key",
          "wrap-key",
          "transfer-key",
          "dek",
          "core",
          "slots",
          "footer",
          "body-id",
          "slot-digest",
          "head",
          "record",
          "repeat",
          "empty",
          "container",
          "refuse");

  static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(VectorFile.directory().resolve("rsc1"))) {
      return files.filter(path -> path.toString().endsWith(".vec")).sorted().toList();
    }
  }

  @Test
  void noVectorIsMissing() throws IOException {
    assertThat(files()).hasSizeGreaterThanOrEqualTo(6);
  }

  @ParameterizedTest
  @MethodSource("files")
  void theWriterMakesTheVectorsFile(Path path) throws IOException {
    VectorFile vector = VectorFile.read(path, KEYS);
    Bytes file = Rsc1Case.written(vector);
    String container = vector.one("container");
    if (container.startsWith("sha256 ")) {
      assertThat(file.sha256().toHex()).isEqualTo(container.substring(7));
    } else {
      assertThat(file.toHex()).isEqualTo(container);
    }
    Bytes core = Bytes.hex(vector.one("core"));
    Bytes footer = Bytes.hex(vector.one("footer"));
    Bytes slotDigest = Digests.slots(Bytes.hex(vector.one("slots")));
    assertThat(Core.decode(core).encode()).isEqualTo(core);
    assertThat(Footer.decode(footer).encode()).isEqualTo(footer);
    assertThat(Digests.body(core, footer).toHex()).isEqualTo(vector.one("body-id"));
    assertThat(slotDigest.toHex()).isEqualTo(vector.one("slot-digest"));
    assertThat(Digests.head(Digests.body(core, footer), slotDigest).toHex())
        .isEqualTo(vector.one("head"));
  }

  @ParameterizedTest
  @MethodSource("files")
  void theReaderFindsTheNewestRecords(Path path) throws IOException {
    VectorFile vector = VectorFile.read(path, KEYS);
    Staging staging = new Rsc1Case(vector, Rsc1Case.written(vector)).open();
    SortedMap<String, Map<Bytes, StateRecord>> expected = new TreeMap<>();
    for (List<StateRecord> round : Rsc1Case.records(vector).values()) {
      for (StateRecord record : round) {
        expected
            .computeIfAbsent(record.store(), _ -> new TreeMap<>())
            .merge(record.key(), record, (a, b) -> a.version() >= b.version() ? a : b);
      }
    }
    assertThat(staging.stores()).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("files")
  void whatMustBeRefusedIsRefusedByThatRule(Path path) throws IOException {
    VectorFile vector = VectorFile.read(path, KEYS);
    Bytes file = Rsc1Case.written(vector);
    for (String line : vector.all("refuse")) {
      List<String> words = List.of(line.split(" "));
      Rsc1Case changed = new Rsc1Case(vector, file);
      changed.apply(words.subList(1, words.size()));
      assertThat(outcome(changed)).as(shown(line)).isEqualTo(words.getFirst());
    }
  }

  private static String shown(String line) {
    return line.length() > 200 ? line.substring(0, 200) : line;
  }

  private static String outcome(Rsc1Case changed) throws IOException {
    try {
      changed.open();
      return "accept";
    } catch (ContainerException refused) {
      return refused.rule().name();
    }
  }
}
