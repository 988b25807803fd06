package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SimDiskTest {
  private static byte[] content(FileChannel file) throws IOException {
    ByteBuffer all = ByteBuffer.allocate((int) file.size());
    file.read(all, 0);
    return all.array();
  }

  @Test
  void aSyncedWriteSurvivesEveryCrash() throws IOException {
    for (long seed = 0; seed < 100; seed++) {
      SimDisk disk = new SimDisk(new SplittableRandom(seed));
      FileChannel file = disk.open("f");
      disk.syncDirectory();
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
      file.force(false);
      disk.crash();
      assertThat(content(disk.open("f"))).containsExactly(1, 2, 3);
    }
  }

  @Test
  void anUnsyncedWriteIsKeptLostAndTornUnderDifferentSeeds() throws IOException {
    TreeSet<Long> sizes = new TreeSet<>();
    boolean hole = false;
    for (long seed = 0; seed < 200; seed++) {
      SimDisk disk = new SimDisk(new SplittableRandom(seed));
      FileChannel file = disk.open("f");
      disk.syncDirectory();
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5}), 0);
      disk.crash();
      byte[] left = content(disk.open("f"));
      sizes.add((long) left.length);
      hole |= left.length == 5 && left[0] == 0 && left[4] == 5;
      boolean torn = (left.length > 0 && left.length < 5) || (left.length == 5 && left[0] == 0);
      assertThat(disk.damage().tornWrites()).as("seed %d", seed).isEqualTo(torn ? 1 : 0);
    }
    assertThat(sizes).containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
    assertThat(hole).as("the end of a write arrived without its beginning").isTrue();
  }

  @Test
  void unsyncedWritesArriveOutOfOrderUnderSomeSeeds() throws IOException {
    TreeSet<Integer> overtook = new TreeSet<>();
    for (long seed = 0; seed < 100; seed++) {
      SimDisk disk = new SimDisk(new SplittableRandom(seed));
      FileChannel file = disk.open("f");
      disk.syncDirectory();
      file.write(ByteBuffer.wrap(new byte[] {1}), 0);
      file.write(ByteBuffer.wrap(new byte[] {2}), 1);
      disk.crash();
      byte[] left = content(disk.open("f"));
      boolean later = left.length == 2 && left[0] == 0;
      assertThat(disk.damage().overtaking()).as("seed %d", seed).isEqualTo(later ? 1 : 0);
      overtook.add(disk.damage().overtaking());
    }
    assertThat(overtook).containsExactly(0, 1);
  }

  @Test
  void aSyncThatIsInterruptedMadeNothingDurable() throws IOException {
    for (long seed = 0; seed < 50; seed++) {
      SimDisk disk = new SimDisk(new SplittableRandom(seed));
      FileChannel file = disk.open("f");
      disk.syncDirectory();
      file.write(ByteBuffer.wrap(new byte[8]), 0);
      disk.atSync(() -> {
        disk.crash();
        throw new IllegalStateException("no power");
      });
      assertThatThrownBy(() -> file.force(false)).hasMessage("no power");
      assertThat(disk.damage().tornWrites() + disk.damage().lostWrites())
          .isEqualTo(disk.open("f").size() == 8 && disk.damage().tornWrites() == 0 ? 0 : 1);
    }
  }

  @Test
  void aFailedSyncLosesWhatItShouldHaveWritten() throws IOException {
    SimDisk disk = new SimDisk(new SplittableRandom(1));
    FileChannel file = disk.open("f");
    file.write(ByteBuffer.wrap(new byte[] {7}), 0);
    disk.failNextSync();
    assertThatThrownBy(() -> file.force(false)).hasMessage("Input/output error");
    file.force(false);
    assertThat(file.size()).isZero();
  }

  @Test
  void aFullDiskRefusesTheWriteAndKeepsTheRest() throws IOException {
    SimDisk disk = new SimDisk(new SplittableRandom(1));
    disk.capacity(4);
    FileChannel file = disk.open("f");
    file.write(ByteBuffer.wrap(new byte[4]), 0);
    assertThatThrownBy(() -> file.write(ByteBuffer.wrap(new byte[1]), 4))
        .hasMessage("No space left on device");
    assertThat(file.size()).isEqualTo(4);
  }

  @Test
  void aRenameWithoutADirectorySyncMayBeUndone() {
    boolean undone = false;
    boolean kept = false;
    for (long seed = 0; seed < 50; seed++) {
      SimDisk disk = new SimDisk(new SplittableRandom(seed));
      FileChannel unused = disk.open("f.tmp");
      assertThat(unused.isOpen()).isTrue();
      disk.syncDirectory();
      disk.rename("f.tmp", "f");
      disk.crash();
      undone |= disk.exists("f.tmp");
      kept |= disk.exists("f");
    }
    assertThat(undone).isTrue();
    assertThat(kept).isTrue();
  }

  @Test
  void aShortWriteTakesAPartAndSaysSo() throws IOException {
    SimDisk disk = new SimDisk(new SplittableRandom(3));
    disk.shortenNextWrite();
    ByteBuffer ten = ByteBuffer.allocate(10);
    int taken = disk.open("f").write(ten, 0);
    assertThat(taken).isBetween(1, 9);
    assertThat(ten.remaining()).isEqualTo(10 - taken);
  }
}
