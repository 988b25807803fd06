package dev.reseal.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry.Edge;
import dev.reseal.wire.Cbor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileJournalTest {
  private static final Bytes LINEAGE = Bytes.hex("000102030405060708090a0b0c0d0e0f");
  private static final Bytes OP = Bytes.hex("ffeeddccbbaa99887766554433221100");

  @TempDir Path dir;

  @Test
  void entriesComeBackInOrder() {
    try (FileJournal journal = open()) {
      write(journal);
    }
    try (FileJournal journal = open()) {
      assertThat(journal.entries()).hasSize(3);
      assertThat(journal.entries()).extracting(Entry::seq).containsExactly(0L, 1L, 2L);
      assertThat(journal.entries())
          .extracting(Entry::edge)
          .containsExactly(Edge.INTENT, Edge.DONE, Edge.FAILED);
      journal.intent(OP, 5, Cbor.map());
      assertThat(journal.entries().getLast().seq()).isEqualTo(3);
    }
  }

  @Test
  void truncationAtEveryByteLeavesThePrefix() throws IOException {
    byte[] whole = content();
    List<Integer> ends = ends(whole);
    for (int cut = 0; cut <= ends.getLast(); cut++) {
      Files.write(path(), Arrays.copyOf(whole, cut));
      int size = cut;
      long complete = ends.stream().filter(end -> end <= size).count();
      assertPrefixThenAppend((int) complete, "cut at " + cut);
    }
  }

  @Test
  void aFlipInAnyByteEndsTheReadingThere() throws IOException {
    byte[] whole = content();
    List<Integer> ends = ends(whole);
    for (int i = 0; i < ends.getLast(); i++) {
      int at = i;
      byte[] damaged = whole.clone();
      damaged[at] ^= (byte) (1 << at % 8);
      Files.write(path(), damaged);
      long before = ends.stream().filter(end -> end <= at).count();
      try (FileJournal journal = open()) {
        assertThat(journal.entries()).as("byte " + at).hasSize((int) before);
      }
    }
  }

  @Test
  void aRecordThatSkipsASeqOrRepeatsOneIsNotRead() throws IOException {
    byte[] whole = content();
    List<Integer> ends = ends(whole);
    byte[] skipping = concat(whole, 0, ends.get(0), ends.get(1), ends.get(2));
    Files.write(path(), skipping);
    assertPrefixThenAppend(1, "skip");
    byte[] repeating = concat(whole, 0, ends.get(0), 0, ends.get(0));
    Files.write(path(), repeating);
    assertPrefixThenAppend(1, "repeat");
  }

  @Test
  void aJournalOfAnotherLineageIsNotRead() {
    try (FileJournal journal = open()) {
      write(journal);
    }
    try (FileJournal other = FileJournal.open(path(), Bytes.zeros(16), () -> 1)) {
      assertThat(other.entries()).isEmpty();
    }
  }

  @Test
  void oldRecordsBehindADamagedOneNeverComeBack() throws IOException {
    byte[] whole = content();
    int first = ends(whole).getFirst();
    whole[first + 9] ^= 1;
    Files.write(path(), whole);
    try (FileJournal journal = open()) {
      journal.intent(OP, 2, Cbor.map().with(Fact.ERROR, "x"));
    }
    try (FileJournal journal = open()) {
      assertThat(journal.entries()).hasSize(2);
    }
  }

  @Test
  void itGrowsBeyondItsPreallocationAndCanForget() {
    Cbor.Map large = Cbor.map().with(Fact.ANSWER, Bytes.zeros(60_000));
    try (FileJournal journal = open()) {
      for (int i = 0; i < 12; i++) {
        journal.intent(OP, 1, large);
      }
    }
    try (FileJournal journal = open()) {
      assertThat(journal.entries()).hasSize(12);
      journal.forget();
    }
    try (FileJournal journal = open()) {
      assertThat(journal.entries()).isEmpty();
    }
  }

  @Test
  void anEntryBeyondTheLimitIsABug() {
    try (FileJournal journal = open()) {
      Cbor.Map payload = Cbor.map().with(Fact.ANSWER, Bytes.zeros(FileJournal.BODY_MAX));
      assertThatThrownBy(() -> journal.intent(OP, 1, payload))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(journal.entries()).isEmpty();
    }
  }

  private void assertPrefixThenAppend(int complete, String what) {
    try (FileJournal journal = open()) {
      assertThat(journal.entries()).as(what).hasSize(complete);
      journal.result(OP, 9, Edge.DONE, Cbor.map());
    }
    try (FileJournal journal = open()) {
      assertThat(journal.entries()).as(what).hasSize(complete + 1);
    }
  }

  private byte[] content() throws IOException {
    try (FileJournal journal = open()) {
      write(journal);
    }
    return Arrays.copyOf(Files.readAllBytes(path()), 1024);
  }

  private static List<Integer> ends(byte[] whole) {
    java.util.ArrayList<Integer> ends = new java.util.ArrayList<>();
    java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(whole);
    int at = 0;
    while (buffer.getInt(at) != 0) {
      at += 8 + buffer.getInt(at);
      ends.add(at);
    }
    return ends;
  }

  private static byte[] concat(byte[] from, int a, int b, int c, int d) {
    return Bytes.concat(
            Bytes.of(Arrays.copyOfRange(from, a, b)), Bytes.of(Arrays.copyOfRange(from, c, d)))
        .toArray();
  }

  private static void write(Journal journal) {
    journal.intent(OP, 3, Cbor.map().with(Fact.FENCE, 5));
    journal.result(OP, 3, Edge.DONE, Cbor.map().with(Fact.FENCE, 2));
    journal.result(OP, 4, Edge.FAILED, Cbor.map().with(Fact.ERROR, "drain-deadline"));
  }

  private FileJournal open() {
    return FileJournal.open(path(), LINEAGE, () -> 1_000);
  }

  private Path path() {
    return dir.resolve("journal");
  }
}
