package dev.reseal.bench;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.EnclaveImage;
import dev.reseal.emulator.Faults;
import dev.reseal.emulator.Knobs;
import dev.reseal.emulator.Machine;
import dev.reseal.emulator.PlatformIdentity;
import dev.reseal.emulator.SgxDriver;
import dev.reseal.emulator.Urts;
import dev.reseal.sgx.SigStruct;
import dev.reseal.sgx.SigningKeys;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * 10,000 small enclaves created, entered and destroyed in this process, then 200 alive at once:
 * what it takes and what it leaves. The emulator's times say nothing about hardware.
 */
public final class EnclaveCycles {
  private static final int CYCLES = 10_000;
  private static final int LIVE = 200;
  private static final int HEAP_PAGES = 8;
  private static final EnclaveImage IMAGE =
      EnclaveImage.of("cycles", 2, HEAP_PAGES, () -> EnclaveCycles::enter);

  private EnclaveCycles() {}

  /** What a process has of the things that can be left behind. */
  private record Left(int freePages, int threads, long descriptors, long files) {
    static Left now(SgxDriver driver, Path folder) throws IOException {
      return new Left(
          driver.freePages(),
          ManagementFactory.getThreadMXBean().getThreadCount(),
          count(Path.of("/proc/self/fd")),
          count(folder));
    }

    private static long count(Path folder) throws IOException {
      try (Stream<Path> entries = Files.list(folder)) {
        return entries.count();
      }
    }

    String text() {
      return "%d free EPC pages, %d threads, %d descriptors, %d temporary files"
          .formatted(freePages, threads, descriptors, files);
    }
  }

  private static Bytes enter(int function, Bytes input, dev.reseal.emulator.Trusted inside)
      throws dev.reseal.emulator.EnclaveFault {
    inside.write(inside.heap(), input);
    return inside.read(inside.heap(), input.size());
  }

  /** Prints what was before, what it took, what is left; fails if anything is. */
  public static void main(String[] arguments) throws IOException {
    Machine machine =
        Machine.make(PlatformIdentity.FIRST_FMSPC, Instant.parse("2026-05-01T00:00:00Z"));
    int pages = (int) IMAGE.measure().epcPages() * LIVE;
    SgxDriver driver = new SgxDriver(machine, Knobs.epc(pages).withBacking(0), Faults.none());
    Urts urts = new Urts(driver);
    SigStruct signed =
        SigStruct.sign(
            SigStruct.Body.of(IMAGE.measure().mrEnclave(), 1, 1, 0x20260101),
            SigningKeys.generate());
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    cycle(urts, signed);
    Left before = Left.now(driver, temporary);
    long[] nanos = new long[CYCLES];
    for (int i = 0; i < CYCLES; i++) {
      long start = System.nanoTime();
      cycle(urts, signed);
      nanos[i] = System.nanoTime() - start;
    }
    Left after = Left.now(driver, temporary);
    Arrays.sort(nanos);
    System.out.println("before  " + before.text());
    System.out.println("after   " + after.text());
    System.out.printf(
        Locale.ROOT,
        "%d cycles of %d EPC pages: median %.0f us, 99 %% within %.0f us%n",
        CYCLES,
        pages / LIVE,
        nanos[CYCLES / 2] / 1e3,
        nanos[CYCLES * 99 / 100] / 1e3);
    live(urts, signed);
    System.out.println(LIVE + " live at once, then destroyed: " + driver.freePages() + " free");
    if (!after.equals(before) || driver.freePages() != before.freePages) {
      throw new IllegalStateException("something was left behind");
    }
  }

  private static void live(Urts urts, SigStruct signed) {
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < LIVE; i++) {
      ids.add(create(urts, signed));
    }
    if (!(urts.create(IMAGE, signed, false) instanceof Urts.Created.Failed)) {
      throw new IllegalStateException("the EPC holds more than it has");
    }
    ids.forEach(id -> {
      call(urts, id);
      urts.destroy(id);
    });
  }

  private static void cycle(Urts urts, SigStruct signed) {
    long id = create(urts, signed);
    call(urts, id);
    urts.destroy(id);
  }

  private static long create(Urts urts, SigStruct signed) {
    return switch (urts.create(IMAGE, signed, false)) {
      case Urts.Created.Enclave(long id) -> id;
      case Urts.Created.Failed failed -> throw new IllegalStateException(failed.toString());
    };
  }

  private static void call(Urts urts, long id) {
    if (urts.ecall(id, 0, Bytes.u64(id)) instanceof Urts.Called.Failed failed) {
      throw new IllegalStateException(failed.toString());
    }
  }
}
