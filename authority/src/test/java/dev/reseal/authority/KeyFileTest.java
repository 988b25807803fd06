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
  void onlyItsOwnerMayReadIt() throws IOException {
    try (KeyFile store = KeyFile.open(path())) {
      assertThat(store.names()).isEmpty();
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
        .isEqualTo("rw-------");
  }
}
