package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Urts.Called;
import dev.reseal.emulator.Urts.Created;
import dev.reseal.sgx.SigStruct;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Enclaves inside one process: statuses, pages and threads as driver and runtime have them. */
class UrtsTest {
  static final Machine MACHINE =
      Machine.make(PlatformIdentity.FIRST_FMSPC, Instant.parse("2026-05-01T00:00:00Z"));
  static final EnclaveImage IMAGE = Programs.keeper(8);
  static final SigStruct SIGNED = Programs.sign(IMAGE);
  static final long NEED = IMAGE.measure().epcPages();
  static final Bytes SECRET = Bytes.ascii("0123456789abcdef");

  private final SgxDriver driver = driver(256);
  private final Urts urts = new Urts(driver);

  static SgxDriver driver(int pages) {
    return new SgxDriver(MACHINE, Knobs.epc(pages).withBacking(0), Faults.none());
  }

  static long created(Created result) {
    assertThat(result).isInstanceOf(Created.Enclave.class);
    return ((Created.Enclave) result).id();
  }

  static Bytes returned(Called result) {
    assertThat(result).isInstanceOf(Called.Returned.class);
    return ((Called.Returned) result).output();
  }

  private long create() {
    return created(urts.create(IMAGE, SIGNED, false));
  }

  /** On a thread of its own, because it will block. */
  private static <T> CompletableFuture<T> async(java.util.function.Supplier<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofPlatform().daemon().start(() -> result.complete(work.get()));
    return result;
  }

  static void assertFailed(Called result, SgxStatus status) {
    assertThat(result).isEqualTo(new Called.Failed(status));
  }

  @Test
  void memoryLivesInTheEnclaveAndNotBeyondIt() {
    long first = create();
    returned(urts.ecall(first, Programs.PUT, SECRET));
    assertThat(returned(urts.ecall(first, Programs.GET, Bytes.EMPTY))).isEqualTo(SECRET);
    assertThat(urts.destroy(first)).isEqualTo(SgxStatus.SUCCESS);
    long second = create();
    assertThat(returned(urts.ecall(second, Programs.GET, Bytes.EMPTY)).allZero()).isTrue();
    assertFailed(urts.ecall(first, Programs.GET, Bytes.EMPTY), SgxStatus.INVALID_ENCLAVE_ID);
    assertThat(urts.destroy(first)).isEqualTo(SgxStatus.INVALID_ENCLAVE_ID);
  }

  @Test
  void createTakesExactlyThePagesOfTheFormulaAndDestroyReturnsThem() {
    int before = driver.freePages();
    long id = create();
    assertThat(before - driver.freePages()).isEqualTo((int) NEED);
    urts.destroy(id);
    assertThat(driver.freePages()).isEqualTo(before);
  }

  @Test
  void tenThousandCyclesLeaveNoPageNoThreadAndNoFile() throws IOException {
    urts.destroy(create());
    int before = driver.freePages();
    int threads = ManagementFactory.getThreadMXBean().getThreadCount();
    long descriptors = descriptors();
    for (int i = 0; i < 10_000; i++) {
      urts.destroy(create());
    }
    assertThat(driver.freePages()).isEqualTo(before);
    assertThat(ManagementFactory.getThreadMXBean().getThreadCount()).isLessThanOrEqualTo(threads);
    assertThat(descriptors()).isLessThanOrEqualTo(descriptors);
    assertThat(driver.epc().paging().stored()).isZero();
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  @Test
  void twoHundredLiveAtOnce() {
    Urts many = new Urts(driver((int) NEED * 200));
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      long id = created(many.create(IMAGE, SIGNED, false));
      returned(many.ecall(id, Programs.PUT, Bytes.concat(Bytes.u64(i), Bytes.u64(i))));
      ids.add(id);
    }
    for (int i = 0; i < 200; i++) {
      assertThat(returned(many.ecall(ids.get(i), Programs.GET, Bytes.EMPTY)).slice(0, 8))
          .isEqualTo(Bytes.u64(i));
    }
    assertThat(many.create(IMAGE, SIGNED, false))
        .isInstanceOfSatisfying(
            Created.Failed.class,
            failed -> assertThat(failed.status()).isEqualTo(SgxStatus.OUT_OF_MEMORY));
  }

  @Test
  void aFailedCreateLeavesNothing() {
    int before = driver.freePages();
    EnclaveImage large = Programs.keeper(400);
    Created result = urts.create(large, Programs.sign(large), false);
    assertThat(result)
        .isInstanceOfSatisfying(
            Created.Failed.class, failed -> assertThat(failed.status().isEpcSuspect()).isTrue());
    EnclaveImage other = EnclaveImage.of("another", 2, 8, Programs.Keeper::new);
    assertThat(urts.create(other, SIGNED, false))
        .isInstanceOfSatisfying(
            Created.Failed.class,
            failed -> {
              assertThat(failed.status()).isEqualTo(SgxStatus.UNEXPECTED);
              assertThat(failed.detail()).contains("INVALID_MEASUREMENT");
            });
    assertThat(driver.freePages()).isEqualTo(before);
  }

  @Test
  void permissionsOfPagesHoldForTheEnclaveItself() {
    long id = create();
    assertFailed(urts.ecall(id, Programs.CODE_WRITE, SECRET), SgxStatus.ENCLAVE_CRASHED);
    assertFailed(urts.ecall(id, Programs.GET, Bytes.EMPTY), SgxStatus.ENCLAVE_CRASHED);
  }

  @Test
  void threadsBeyondTheTcsAreRefused() throws Exception {
    CountDownLatch entered = new CountDownLatch(2);
    CountDownLatch go = new CountDownLatch(1);
    EnclaveImage image =
        EnclaveImage.of("waiting", 2, 1, () -> new Programs.Waiting(entered, go, false));
    long id = created(urts.create(image, Programs.sign(image), false));
    List<CompletableFuture<Called>> inside = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      inside.add(async(() -> urts.ecall(id, 0, Bytes.EMPTY)));
    }
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
    assertFailed(urts.ecall(id, 0, Bytes.EMPTY), SgxStatus.OUT_OF_TCS);
    go.countDown();
    for (CompletableFuture<Called> each : inside) {
      assertThat(each.get(10, TimeUnit.SECONDS)).isInstanceOf(Called.Returned.class);
    }
  }

  @Test
  void aBusyThreadBlocksDestroyAndWithItEveryEnclaveOfTheProcess() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    EnclaveImage image =
        EnclaveImage.of("busy", 1, 1, () -> new Programs.Waiting(entered, go, false));
    long busy = created(urts.create(image, Programs.sign(image), false));
    long other = create();
    var call = async(() -> urts.ecall(busy, 0, Bytes.EMPTY));
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
    var destroy = async(() -> urts.destroy(busy));
    var bystander =
        async(() -> {
          while (!destroy.isDone() && urts.ecall(other, Programs.GET, Bytes.EMPTY) != null) {
            Thread.onSpinWait();
          }
          return 0;
        });
    assertThat(destroy).isNotDone();
    go.countDown();
    assertThat(destroy.get(10, TimeUnit.SECONDS)).isEqualTo(SgxStatus.SUCCESS);
    assertThat(call.get(10, TimeUnit.SECONDS)).isInstanceOf(Called.Returned.class);
    assertThat(bystander.get(10, TimeUnit.SECONDS)).isZero();
  }

  @Test
  void destroyDuringAnOcallDoesNotWaitAndTheCallComesBackAsLost() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    EnclaveImage image =
        EnclaveImage.of("outside", 1, 1, () -> new Programs.Waiting(entered, go, true));
    long id = created(urts.create(image, Programs.sign(image), false));
    var call = async(() -> urts.ecall(id, 0, Bytes.EMPTY));
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(urts.destroy(id)).isEqualTo(SgxStatus.SUCCESS);
    go.countDown();
    assertFailed(call.get(10, TimeUnit.SECONDS), SgxStatus.ENCLAVE_LOST);
  }

  @Test
  void onlyADebugEnclaveShowsItsMemory() throws Exception {
    SigStruct.Body body = SigStruct.Body.of(IMAGE.measure().mrEnclave(), 1, 5, 0x20260101);
    SigStruct debuggable =
        SigStruct.sign(
            new SigStruct.Body(
                false,
                false,
                body.date(),
                0,
                0,
                -1,
                body.isvFamilyId(),
                body.attributes(),
                body.attributeMask().without(dev.reseal.sgx.Attributes.DEBUG),
                body.enclaveHash(),
                body.isvExtProdId(),
                1,
                5),
            Programs.SIGNER);
    long debug = created(urts.create(IMAGE, debuggable, true));
    long production = created(urts.create(IMAGE, debuggable, false));
    returned(urts.ecall(debug, Programs.PUT, SECRET));
    assertThat(urts.debugRead(debug, IMAGE.heap(), 16)).isEqualTo(SECRET);
    org.assertj.core.api.Assertions.assertThatThrownBy(
            () -> urts.debugRead(production, IMAGE.heap(), 16))
        .isInstanceOf(EnclaveFault.class);
    Bytes request = Programs.seal(1, Bytes.zeros(16), 0).encode();
    assertThat(returned(urts.ecall(debug, Programs.KEY, request)))
        .isNotEqualTo(returned(urts.ecall(production, Programs.KEY, request)));
    assertThat(urts.create(IMAGE, SIGNED, true)).isInstanceOf(Created.Failed.class);
  }

  @Test
  void underKssTheHostChoosesConfigIdAndWithoutItCannot() throws Exception {
    SigStruct.Body body = SIGNED.body();
    SigStruct kss =
        SigStruct.sign(
            new SigStruct.Body(
                false,
                false,
                body.date(),
                0,
                0,
                -1,
                Bytes.ascii("family of 16 byt"),
                body.attributes().with(dev.reseal.sgx.Attributes.KSS),
                body.attributeMask(),
                body.enclaveHash(),
                Bytes.ascii("product of 16 by"),
                1,
                5),
            Programs.SIGNER);
    Urts.Kss chosen = new Urts.Kss(Bytes.hex("c1".repeat(64)), 4);
    long id = created(urts.create(IMAGE, kss, false, chosen));
    Bytes report =
        returned(urts.ecall(id, Programs.REPORT, Bytes.concat(Bytes.zeros(512), Bytes.zeros(64))));
    var reported = dev.reseal.sgx.Report.parse(report).body();
    assertThat(reported.configId()).isEqualTo(chosen.configId());
    assertThat(reported.configSvn()).isEqualTo(4);
    assertThat(reported.isvFamilyId()).isEqualTo(Bytes.ascii("family of 16 byt"));
    assertThat(urts.create(IMAGE, SIGNED, false, chosen))
        .isInstanceOfSatisfying(
            Created.Failed.class,
            failed -> assertThat(failed.status()).isEqualTo(SgxStatus.FEATURE_NOT_SUPPORTED));
  }
}
