package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.authority.Anchor.Finding;
import dev.reseal.authority.Anchor.Mark;
import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.authority.Store.Change;
import dev.reseal.authority.Store.LogRecord;
import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreTest {
  private static final Bytes LINEAGE = Bytes.hex("ab".repeat(16));
  private static final AnswerKey KEY =
      new AnswerKey(LINEAGE, Bytes.zeros(16), "grant", Bytes.zeros(32));

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path folder;

  private Store open(String kind) {
    return kind.equals("memory")
        ? new MemoryStore()
        : SqliteStore.open(folder.resolve("register.db"));
  }

  private static Bytes hash(int seq) {
    return Bytes.u32(seq).sha256();
  }

  private static Change change(long version, int row, int seq) {
    return new Change(
        LINEAGE,
        "customers",
        version,
        Bytes.u32(row),
        List.of(new LogRecord(seq, hash(seq), Bytes.u32(seq))),
        Map.of(KEY, Bytes.u32(row)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory", "sqlite"})
  void aCommitIsReadBackWhole(String kind) {
    try (Store store = open(kind)) {
      assertThat(store.tail()).isEqualTo(Store.Tail.EMPTY);
      store.commit(change(0, 1, 1));
      store.commit(change(1, 2, 2));
      assertThat(store.row(LINEAGE)).contains(new Store.Versioned(Bytes.u32(2), 2));
      assertThat(store.lineageNamed("customers")).contains(LINEAGE);
      assertThat(store.lineages()).containsExactly(LINEAGE);
      assertThat(store.answer(KEY)).contains(Bytes.u32(2));
      assertThat(store.tail()).isEqualTo(new Store.Tail(2, hash(2), hash(1)));
      assertThat(store.log(1, 2)).containsExactly(Bytes.u32(1), Bytes.u32(2));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory", "sqlite"})
  void aRowThatMovedIsNotOverwrittenAndNothingElseIsWritten(String kind) {
    try (Store store = open(kind)) {
      store.commit(change(0, 1, 1));
      assertThatThrownBy(() -> store.commit(change(0, 9, 2)))
          .isInstanceOf(StoreException.Stale.class);
      assertThatThrownBy(() -> store.commit(change(5, 9, 2)))
          .isInstanceOf(StoreException.Stale.class);
      assertThat(store.row(LINEAGE)).contains(new Store.Versioned(Bytes.u32(1), 1));
      assertThat(store.tail().seq()).isEqualTo(1);
      assertThat(store.answer(KEY)).contains(Bytes.u32(1));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory", "sqlite"})
  void aNameBelongsToOneLineage(String kind) {
    try (Store store = open(kind)) {
      store.commit(change(0, 1, 1));
      Change other = new Change(Bytes.zeros(16), "customers", 0, Bytes.u32(1), List.of(), Map.of());
      assertThatThrownBy(() -> store.commit(other)).isInstanceOf(StoreException.class);
    }
  }

  @Test
  void aSecondWriterIsRefused() {
    try (Store first = open("sqlite")) {
      first.commit(change(0, 1, 1));
      assertThatThrownBy(() -> open("sqlite")).isInstanceOf(StoreException.class);
    }
  }

  @Test
  void aStartAgreesOrFollowsOneEntryOrRefuses() {
    Store.Tail two = new Store.Tail(2, hash(2), hash(1));
    assertThat(Anchor.compare(two, Optional.of(new Mark(2, hash(2)))))
        .isEqualTo(new Finding.Agree());
    assertThat(Anchor.compare(two, Optional.of(new Mark(1, hash(1)))))
        .isEqualTo(new Finding.Behind(new Mark(2, hash(2))));
    assertThat(Anchor.compare(two, Optional.of(new Mark(3, hash(3)))))
        .isInstanceOf(Finding.Rollback.class);
    assertThat(Anchor.compare(two, Optional.of(new Mark(1, hash(7)))))
        .isInstanceOf(Finding.Rollback.class);
    assertThat(Anchor.compare(two, Optional.empty())).isInstanceOf(Finding.Rollback.class);
    assertThat(Anchor.compare(Store.Tail.EMPTY, Optional.empty())).isEqualTo(new Finding.Agree());
  }

  @Test
  void theFileAnchorMovesOnlyFromWhereItIs() {
    FileAnchor anchor = new FileAnchor(folder.resolve("anchor"));
    assertThat(anchor.read()).isEmpty();
    anchor.advance(Optional.empty(), new Mark(1, hash(1)));
    assertThatThrownBy(() -> anchor.advance(Optional.empty(), new Mark(2, hash(2))))
        .isInstanceOf(StoreException.class);
    anchor.advance(Optional.of(new Mark(1, hash(1))), new Mark(2, hash(2)));
    assertThat(new FileAnchor(folder.resolve("anchor")).read()).contains(new Mark(2, hash(2)));
  }

  @Test
  void aMarkThatACrashLeftTornIsTheOneThatIsWrittenNext() throws IOException {
    Path file = folder.resolve("anchor");
    FileAnchor anchor = new FileAnchor(file);
    Optional<Mark> before = Optional.empty();
    for (int seq = 1; seq <= 4; seq++) {
      Mark next = new Mark(seq, hash(seq));
      byte[] whole = seq == 1 ? new byte[0] : Files.readAllBytes(file);
      anchor.advance(before, next);
      byte[] written = Files.readAllBytes(file);
      for (int cut = 1; seq > 1 && cut < written.length / 2; cut += cut < 160 ? 1 : 997) {
        int from = seq % 2 == 0 ? written.length / 2 : 0;
        byte[] torn = whole.clone();
        System.arraycopy(written, from, torn, from, cut);
        Files.write(file, torn);
        assertThat(anchor.read()).isIn(before, Optional.of(next));
        anchor.advance(anchor.read(), next);
        assertThat(anchor.read()).contains(next);
      }
      before = Optional.of(next);
    }
  }
}
