package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Digests;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContainersTest {
  @TempDir Path dir;

  private static byte[] container(String core, String footer, int rounds) {
    Bytes coreBytes = Bytes.ascii(core);
    Bytes footerBytes = Bytes.ascii(footer);
    long mark = 8L + 4 + coreBytes.size() + rounds;
    return Bytes.concat(
            Bytes.hex("525343310d0a1a0a"),
            Bytes.u32(coreBytes.size()),
            coreBytes,
            Bytes.zeros(rounds),
            Bytes.hex("46"),
            Bytes.u32(footerBytes.size()),
            footerBytes,
            Bytes.u64(mark),
            Bytes.hex("52534331454e440a"))
        .toArray();
  }

  private static Bytes body(String core, String footer) {
    return Digests.body(Bytes.ascii(core), Bytes.ascii(footer));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  private Bytes kept(Containers containers, String footer, long timeMs) throws IOException {
    Bytes body =
        containers.receive("h", new ByteArrayInputStream(container("core", footer, 99))).bodyId();
    containers.keep(body);
    Files.setLastModifiedTime(containers.path(body), FileTime.fromMillis(timeMs));
    return body;
  }

  @Test
  void anArrivedContainerIsNamedByItsBodyOnlyWhenItIsKept() throws IOException {
    Containers containers = new Containers(dir);
    Bytes body = body("core", "footer");
    Outline outline =
        containers.receive("h", new ByteArrayInputStream(container("core", "footer", 1_000)));
    assertThat(outline.bodyId()).isEqualTo(body);
    assertThat(names()).containsExactly("h-1.tmp");
    assertThat(containers.bodies()).isEmpty();
    containers.keep(body);
    containers.keep(body);
    assertThat(names()).containsExactly(body.toHex() + ".rsc");
    assertThat(containers.bodies()).containsExactly(body);
  }

  @Test
  void theNewestIsTheOneThatWasKeptLast() throws IOException {
    Containers containers = new Containers(dir);
    assertThat(containers.newest()).isEmpty();
    Bytes first = kept(containers, "f1", 1);
    var _ = containers.receive("h", new ByteArrayInputStream(container("core", "f2", 99)));
    assertThat(containers.newest()).contains(first);
    Bytes last = kept(containers, "f3", 1);
    assertThat(containers.newest()).contains(last);
  }

  @Test
  void aContainerOfAnySizeArrivesWhole() throws IOException {
    Containers containers = new Containers(dir);
    int first = 1 << 16;
    int second = first + (1 << 20);
    for (int edge : new int[] {first, second, second + (1 << 20)}) {
      for (int size = edge - 1; size <= edge + 1; size++) {
        String footer = "of " + size;
        int frame = container("core", footer, 0).length;
        byte[] whole = container("core", footer, size - frame);
        Outline outline = containers.receive("h", new ByteArrayInputStream(whole));
        containers.keep(outline.bodyId());
        assertThat(Files.readAllBytes(containers.path(outline.bodyId()))).isEqualTo(whole);
      }
    }
  }

  @Test
  void everyTruncationIsRefusedAndLeavesNothing() throws IOException {
    byte[] whole = container("core", "footer", 40);
    Containers containers = new Containers(dir);
    for (int size = 0; size < whole.length; size++) {
      byte[] torn = Arrays.copyOf(whole, size);
      assertThatThrownBy(() -> containers.receive("h", new ByteArrayInputStream(torn)))
          .isInstanceOf(IOException.class);
    }
    assertThat(names()).isEmpty();
  }

  @Test
  void aSyncedFileWhoseNameWasLostIsFoundAgain() throws IOException {
    Bytes body = body("core", "footer");
    new Containers(dir).receive("h", new ByteArrayInputStream(container("core", "footer", 1_000)));
    Containers restarted = new Containers(dir);
    restarted.recover(body);
    assertThat(restarted.bodies()).containsExactly(body);
  }

  @Test
  void aDamagedFileDoesNotCount() throws IOException {
    Containers containers = new Containers(dir);
    Bytes body = kept(containers, "footer", 1_000);
    byte[] bytes = Files.readAllBytes(containers.path(body));
    bytes[13] ^= 1;
    Files.write(containers.path(body), bytes);
    assertThat(new Containers(dir).bodies()).isEmpty();
  }

  @Test
  void onlyWhatIsOlderThanTheHeadIsDeleted() throws IOException {
    Containers containers = new Containers(dir);
    Bytes older = kept(containers, "older", 1_000);
    Bytes head = kept(containers, "head", 2_000);
    Bytes newer = kept(containers, "newer", 3_000);
    containers.supersededBy(head);
    assertThat(containers.bodies()).containsExactlyInAnyOrder(head, newer);
    assertThat(containers.holds(older)).isFalse();
    containers.supersededBy(older);
    assertThat(containers.bodies()).containsExactlyInAnyOrder(head, newer);
  }

  /** The clock was set back after the head was kept. */
  @Test
  void whatIsKeptAfterTheHeadStaysWhateverTheClockSays() throws IOException {
    long hour = 3_600_000;
    Containers containers = new Containers(dir);
    Bytes head = kept(containers, "head", System.currentTimeMillis() + hour);
    Bytes next = kept(containers, "next", System.currentTimeMillis());
    containers.supersededBy(head);
    assertThat(containers.bodies()).containsExactlyInAnyOrder(head, next);
    containers.supersededBy(next);
    assertThat(containers.bodies()).containsExactly(next);
    Bytes third = kept(containers, "third", System.currentTimeMillis() - hour);
    Containers restarted = new Containers(dir);
    Bytes fourth = kept(restarted, "fourth", System.currentTimeMillis() - hour);
    restarted.supersededBy(next);
    assertThat(restarted.bodies()).containsExactlyInAnyOrder(next, fourth);
    assertThat(restarted.holds(third)).isFalse();
  }

  @Test
  void aContainerThatIsJustArrivingIsNotTidiedAway() throws IOException {
    Containers containers = new Containers(dir);
    Bytes head = kept(containers, "head", System.currentTimeMillis() + 3_600_000);
    InputStream slow =
        new FilterInputStream(new ByteArrayInputStream(container("core", "arriving", 99))) {
          @Override
          public int read(byte[] into, int from, int count) throws IOException {
            containers.supersededBy(head);
            return super.read(into, from, count);
          }
        };
    Bytes arriving = containers.receive("h", slow).bodyId();
    containers.keep(arriving);
    assertThat(containers.bodies()).containsExactlyInAnyOrder(head, arriving);
  }

  @Test
  void anArrivedContainerThatWaitsForItsReceiptIsNotTidiedAway() throws IOException {
    Containers containers = new Containers(dir);
    Bytes waiting = body("core", "waiting");
    containers.receive("h", new ByteArrayInputStream(container("core", "waiting", 9)));
    Bytes head = kept(containers, "head", System.currentTimeMillis() + 60_000);
    containers.supersededBy(head);
    containers.keep(waiting);
    assertThat(containers.bodies()).containsExactlyInAnyOrder(head, waiting);
  }

  @Test
  void aFileThatVanishesWhileTheOthersAreLookedAtIsNoFailure() throws Exception {
    Containers containers = new Containers(dir);
    Bytes head = kept(containers, "head", System.currentTimeMillis() + 60_000);
    AtomicBoolean enough = new AtomicBoolean();
    Thread checkpoints =
        Thread.ofPlatform()
            .start(() -> {
              for (int n = 0; !enough.get(); n++) {
                Path fleeting = dir.resolve(n + ".tmp");
                try {
                  Files.createFile(fleeting);
                  Files.deleteIfExists(fleeting);
                } catch (IOException impossible) {
                  throw new UncheckedIOException(impossible);
                }
              }
            });
    for (int i = 0; i < 2_000; i++) {
      assertThat(containers.largest()).isPositive();
      containers.supersededBy(head);
    }
    enough.set(true);
    checkpoints.join();
    assertThat(Containers.ifThere(dir.resolve("gone"), Files::size)).isEmpty();
  }
}
