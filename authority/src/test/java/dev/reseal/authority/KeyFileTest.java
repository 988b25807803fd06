package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFileTest {
  private static final int FIRST_CELL = 16;
  private static final int HEAD = 14;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path folder;

  private Path path() {
    return folder.resolve("keystore");
  }

  private static Optional<Bytes> content(KeyStore store, String name) {
    return store.get(name).map(key -> key.use(Bytes::of));
  }

  private static Secret key(int fill, int size) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) fill);
    return Secret.own(bytes);
  }

  @Test
  void keysAreThereAfterReopening() {
    try (KeyFile store = KeyFile.open(path())) {
      store.put("a", key(1, 32));
      store.put("b", key(2, 4096));
    }
    try (KeyFile store = KeyFile.open(path())) {
      assertThat(content(store, "a")).contains(Bytes.hex("01".repeat(32)));
      assertThat(content(store, "b")).contains(Bytes.hex("02".repeat(4096)));
      assertThat(content(store, "c")).isEmpty();
    }
  }

  @Test
  void anErasedKeyIsGoneFromTheBytesOfTheFile() throws IOException {
    try (KeyFile store = KeyFile.open(path())) {
      store.put("kept", key(0x5a, 32));
      store.put("gone", key(0x7b, 32));
      store.destroy("gone");
    }
    String bytes = Bytes.of(Files.readAllBytes(path())).toHex();
    assertThat(bytes).contains("5a".repeat(32)).doesNotContain("7b".repeat(4));
    try (KeyFile store = KeyFile.open(path())) {
      assertThat(store.names()).containsExactly("kept");
    }
  }

  @Test
  void aKeyThatReplacesAnotherIsThereOrTheOtherOneWhereverACrashComes() throws IOException {
    byte[] before;
    try (KeyFile store = KeyFile.open(path())) {
      store.replace("a", key(0x5a, 32));
      before = Files.readAllBytes(path());
      store.replace("a", key(0x7b, 32));
      assertThat(content(store, "a")).contains(Bytes.hex("7b".repeat(32)));
    }
    byte[] after = Files.readAllBytes(path());
    assertThat(after)
        .hasSizeGreaterThan(before.length)
        .startsWith(Arrays.copyOf(after, FIRST_CELL));
    byte[] both = Arrays.copyOf(after, after.length);
    System.arraycopy(before, 0, both, 0, before.length);
    int fresh = before.length;
    assertThat(after[fresh]).isEqualTo((byte) 'K');
    assertReopened(marked(both, fresh, 'E'), "5a", "7b");
    assertReopened(marked(both, fresh, 'R'), "7b", "5a");
    assertReopened(marked(after, fresh, 'R'), "7b", "5a");
    assertReopened(after, "7b", "5a");
  }

  private static byte[] marked(byte[] file, int cell, char mark) {
    byte[] changed = file.clone();
    changed[cell] = (byte) mark;
    return changed;
  }

  /** Twice, since the first start mends what the crash left. */
  private void assertReopened(byte[] file, String held, String gone) throws IOException {
    Files.write(path(), file);
    for (int start = 1; start <= 2; start++) {
      try (KeyFile store = KeyFile.open(path())) {
        assertThat(content(store, "a")).as("start %s", start).contains(Bytes.hex(held.repeat(32)));
      }
      assertThat(Bytes.of(Files.readAllBytes(path())).toHex()).doesNotContain(gone.repeat(4));
    }
  }

  @Test
  void anErasedCellIsUsedAgain() throws IOException {
    try (KeyFile store = KeyFile.open(path())) {
      store.put("a", key(1, 32));
      long size = Files.size(path());
      for (int i = 0; i < 50; i++) {
        store.destroy("a");
        store.put("a", key(i + 1, 32));
      }
      assertThat(Files.size(path())).isEqualTo(size);
    }
  }

  @Test
  void aSecondWriterIsRefused() {
    try (KeyFile first = KeyFile.open(path())) {
      assertThat(first.names()).isEmpty();
      assertThatThrownBy(() -> KeyFile.open(path())).hasMessageContaining("in use");
    }
  }

  @Test
  void everyTruncationLeavesWholeKeysOrIsNamed() throws IOException {
    try (KeyFile store = KeyFile.open(path())) {
      store.put("first", key(1, 40));
      store.put("second", key(2, 40));
    }
    byte[] whole = Files.readAllBytes(path());
    Path cut = folder.resolve("cut");
    for (int size = FIRST_CELL; size < whole.length; size++) {
      Files.write(cut, Arrays.copyOf(whole, size));
      try (KeyFile store = KeyFile.open(cut)) {
        for (String name : store.names()) {
          assertThat(content(store, name).orElseThrow().size()).isEqualTo(40);
        }
      } catch (KeyStoreException named) {
        assertThat(named).hasMessageContaining("damaged at offset");
      }
    }
  }

  @Test
  void aDamagedKeyIsErasedRatherThanUsed() throws IOException {
    try (KeyFile store = KeyFile.open(path())) {
      store.put("k", key(9, 32));
    }
    byte[] whole = Files.readAllBytes(path());
    whole[FIRST_CELL + HEAD + 5] ^= 1;
    Files.write(path(), whole);
    try (KeyFile store = KeyFile.open(path())) {
      assertThat(store.names()).isEmpty();
    }
    assertThat(Bytes.of(Files.readAllBytes(path())).toHex()).doesNotContain("09".repeat(8));
  }

  @Test
  void onlyItsOwnerMayReadIt() throws IOException {
    try (KeyFile store = KeyFile.open(path())) {
      assertThat(store.names()).isEmpty();
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
        .isEqualTo("rw-------");
  }
}
