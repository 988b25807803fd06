package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A key store that was cut off, changed or left in the middle of a write, at every byte. */
@SuppressWarnings("NullAway.Init")
class KeyFileDamageTest {
  private static final int MAGIC = 16;
  private static final int FRAME = 9;
  private static final int HEAD = 18;
  private static final int CELL = HEAD + 128;
  private static final Bytes KEPT = Bytes.hex("5a".repeat(40));
  private static final Bytes OTHER = Bytes.hex("7b".repeat(40));

  @TempDir private Path folder;
  private Path path;
  private byte[] one;
  private byte[] two;

  /** A store with {@code kept}, and the same with {@code other} after it. */
  @BeforeEach
  void make() throws IOException {
    path = folder.resolve("keystore");
    try (KeyFile store = KeyFile.open(path)) {
      store.put("kept", Secret.own(KEPT.toArray()));
      one = Files.readAllBytes(path);
      store.put("other", Secret.own(OTHER.toArray()));
      two = Files.readAllBytes(path);
    }
    assertThat(two).hasSize(MAGIC + 2 * CELL);
  }

  /** What a start finds; empty where it refuses, and then it has touched nothing. */
  private Optional<Set<String>> opened(byte[] image) throws IOException {
    Files.write(path, image);
    try (KeyFile store = KeyFile.open(path)) {
      Set<String> names = Set.copyOf(store.names());
      for (String name : names) {
        assertThat(store.get(name).map(key -> key.use(Bytes::of)))
            .contains(name.equals("kept") ? KEPT : OTHER);
      }
      return Optional.of(names);
    } catch (KeyStoreException named) {
      assertThat(named).hasMessageMatching(".*(is damaged at offset|is not a key store).*");
      assertThat(Files.readAllBytes(path)).isEqualTo(image);
      return Optional.empty();
    }
  }

  /** The image with its end cut off and something else in its place. */
  private static byte[] with(byte[] image, int at, byte[] part, int size) {
    byte[] made = Arrays.copyOf(image, Math.max(image.length, at + size));
    System.arraycopy(part, 0, made, at, size);
    return made;
  }

  private static byte[] part(byte[] image, int from, int size) {
    return Arrays.copyOfRange(image, from, from + size);
  }

  /** After a crash in a put or a destroy: the key is whole or gone, and the store goes on. */
  private void crashed(byte[] image, Set<Set<String>> allowed) throws IOException {
    Set<String> names = opened(image).orElseThrow();
    assertThat(allowed).contains(names);
    if (!names.contains("other")) {
      assertThat(Bytes.of(Files.readAllBytes(path)).toHex()).doesNotContain("7b7b7b7b");
    }
    try (KeyFile store = KeyFile.open(path)) {
      assertThat(store.names()).isEqualTo(names);
      store.destroy("other");
      store.put("other", Secret.own(OTHER.toArray()));
    }
    assertThat(opened(Files.readAllBytes(path))).contains(Set.of("kept", "other"));
  }

  private static final Set<Set<String>> OLD = Set.of(Set.of("kept"));
  private static final Set<Set<String>> NEW = Set.of(Set.of("kept", "other"));
  private static final Set<Set<String>> OLD_OR_NEW =
      Set.of(Set.of("kept"), Set.of("kept", "other"));

  @Test
  void aPutThatIsCutAtAnyByteOfANewCellLeavesNoKey() throws IOException {
    byte[] cell = part(two, one.length, CELL);
    cell[0] = 'E';
    for (int size = 0; size <= CELL; size++) {
      crashed(with(one, one.length, cell, size), OLD);
    }
    // A frame whose bytes came in another order: whole in size, not in content.
    for (int missing = 1; missing < FRAME; missing++) {
      byte[] frame = part(cell, 0, FRAME);
      frame[missing] ^= (byte) 0xff;
      crashed(with(one, one.length, frame, FRAME), OLD);
    }
    crashed(two, NEW);
  }

  @Test
  void aPutThatIsCutAtAnyByteOfAnUsedCellLeavesNoKey() throws IOException {
    byte[] empty;
    Files.write(path, two);
    try (KeyFile store = KeyFile.open(path)) {
      store.destroy("other");
      empty = Files.readAllBytes(path);
    }
    byte[] content = part(two, one.length + FRAME, CELL - FRAME);
    for (int size = 0; size <= content.length; size++) {
      crashed(with(empty, one.length + FRAME, content, size), OLD);
    }
  }

  @Test
  void aReplacementThatIsCutAtAnyByteLeavesTheOldKeyOrTheNewOne() throws IOException {
    byte[] cell;
    Files.write(path, two);
    try (KeyFile store = KeyFile.open(path)) {
      store.replace("other", Secret.own(KEPT.toArray()));
      cell = part(Files.readAllBytes(path), two.length, CELL);
    }
    Set<Bytes> found = new HashSet<>();
    for (int size = 0; size <= CELL + 1; size++) {
      byte[] written = cell.clone();
      written[0] = (byte) (size > CELL ? 'K' : 'E');
      Files.write(path, with(two, two.length, written, Math.min(size, CELL)));
      found.add(content("other"));
    }
    // Both are whole: the new one is in the file, the old one not yet erased.
    assertThat(found).containsExactly(OTHER);
    byte[] both = with(two, two.length, cell, CELL);
    for (int size = 0; size <= CELL - HEAD; size++) {
      Files.write(path, with(both, one.length + HEAD, new byte[CELL], size));
      assertThat(content("other")).isEqualTo(size == 0 ? OTHER : KEPT);
    }
  }

  /** Of the key of that name, the same once more, and of no other one under it. */
  private Bytes content(String name) throws IOException {
    Bytes first;
    try (KeyFile store = KeyFile.open(path)) {
      assertThat(store.names()).containsExactlyInAnyOrder("kept", "other");
      first = store.get(name).orElseThrow().use(Bytes::of);
    }
    assertThat(new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1))
        .doesNotContain("other" + (first.equals(OTHER) ? "ZZZZ" : "{{{{"));
    return first;
  }

  @Test
  void anErasureThatIsCutAtAnyByteLeavesTheKeyOrNothingOfIt() throws IOException {
    byte[] zeros = new byte[CELL];
    for (int size = 0; size <= CELL - HEAD; size++) {
      byte[] erased = with(two, one.length + HEAD, zeros, size);
      crashed(erased, OLD_OR_NEW);
      assertThat(opened(erased)).contains(size == 0 ? Set.of("kept", "other") : Set.of("kept"));
    }
  }

  @Test
  void aStoreThatIsCutOffIsNamedOrKeepsItsWholeKeys() throws IOException {
    for (int size = 0; size < two.length; size++) {
      Optional<Set<String>> found = opened(Arrays.copyOf(two, size));
      if (size <= MAGIC) {
        assertThat(found).contains(Set.of());
      } else if (size == MAGIC + CELL) {
        assertThat(found).contains(Set.of("kept"));
      } else {
        assertThat(found).as("cut at %d", size).isEmpty();
      }
    }
    assertThat(opened("other".getBytes(StandardCharsets.US_ASCII))).isEmpty();
  }

  @Test
  void aChangedByteCostsNoKeyButItsOwnAndAFrameThatIsChangedIsNamed() throws IOException {
    for (int at = 0; at < two.length; at++) {
      int in = at < MAGIC ? -1 : (at - MAGIC) % CELL;
      for (int flip : new int[] {0x01, 0x80, 0xff}) {
        byte[] changed = two.clone();
        changed[at] ^= (byte) flip;
        Optional<Set<String>> found = opened(changed);
        assertThat(found.isEmpty()).as("byte %d ^ %d", at, flip).isEqualTo(in < FRAME);
        String untouched = at < MAGIC + CELL ? "other" : "kept";
        found.ifPresent(names -> assertThat(names).contains(untouched));
        int used = HEAD + (at < MAGIC + CELL ? "kept" : "other").length() + KEPT.size();
        if (found.isPresent()) {
          assertThat(found.get()).as("byte %d", at).hasSize(in < used ? 1 : 2);
        }
      }
    }
  }

  @Test
  void aDamagedKeyIsErasedRatherThanUsed() throws IOException {
    byte[] changed = two.clone();
    changed[one.length + HEAD + "other".length() + 3] ^= 1;
    assertThat(opened(changed)).contains(Set.of("kept"));
    assertThat(Bytes.of(Files.readAllBytes(path)).toHex()).doesNotContain("7b7b7b7b");
  }
}
