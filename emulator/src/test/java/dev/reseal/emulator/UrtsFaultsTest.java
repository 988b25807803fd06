package dev.reseal.emulator;

import static dev.reseal.emulator.UrtsTest.IMAGE;
import static dev.reseal.emulator.UrtsTest.MACHINE;
import static dev.reseal.emulator.UrtsTest.NEED;
import static dev.reseal.emulator.UrtsTest.SECRET;
import static dev.reseal.emulator.UrtsTest.SIGNED;
import static dev.reseal.emulator.UrtsTest.assertFailed;
import static dev.reseal.emulator.UrtsTest.created;
import static dev.reseal.emulator.UrtsTest.driver;
import static dev.reseal.emulator.UrtsTest.returned;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Urts.Created;
import dev.reseal.sgx.SigStruct;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Paging and faults below enclaves inside one process, and a host that touches what was evicted.
 */
class UrtsFaultsTest {
  private final SgxDriver driver = driver(256);
  private final Urts urts = new Urts(driver);

  private long create() {
    return created(urts.create(IMAGE, SIGNED, false));
  }

  @Test
  void aFullBackingStoreEndsInAWatchdogAndNotInALoop() {
    Knobs knobs = Knobs.epc(64).withBacking(8);
    Urts runtime = new Urts(new SgxDriver(MACHINE, knobs, Faults.none()));
    EnclaveImage big = Programs.keeper(40);
    created(runtime.create(big, Programs.sign(big), false));
    assertThat(runtime.create(big, Programs.sign(big), false))
        .isInstanceOfSatisfying(
            Created.Failed.class, failed -> assertThat(failed.detail()).contains("ERESTARTSYS"));
  }

  @Test
  void anOverfullCreateIsSlowFirstAndFailsOnlyWhenNothingIsReclaimable() {
    SgxDriver small = new SgxDriver(MACHINE, Knobs.epc(64), Faults.none());
    Urts runtime = new Urts(small);
    EnclaveImage big = Programs.keeper(40);
    SigStruct signed = Programs.sign(big);
    long first = created(runtime.create(big, signed, false));
    returned(runtime.ecall(first, Programs.PUT, SECRET));
    long alone = small.cost();
    created(runtime.create(big, signed, false));
    assertThat(small.cost() - alone).isGreaterThan(5 * alone);
    assertThat(small.epc().paging().stored()).isPositive();
    assertThat(returned(runtime.ecall(first, Programs.GET, Bytes.EMPTY))).isEqualTo(SECRET);
  }

  @Test
  void aHostThatChangesAnEvictedPageIsFoundOut() {
    SgxDriver small = new SgxDriver(MACHINE, Knobs.epc(64), Faults.none());
    Urts runtime = new Urts(small);
    EnclaveImage big = Programs.keeper(40);
    SigStruct signed = Programs.sign(big);
    long id = created(runtime.create(big, signed, false));
    returned(runtime.ecall(id, Programs.PUT, SECRET));
    created(runtime.create(big, signed, false));
    Paging.Place place = new Paging.Place(id, big.heap());
    Paging paging = small.epc().paging();
    byte[] stored = paging.hostRead(place).toArray();
    stored[100] ^= 1;
    paging.hostWrite(place, Bytes.wrap(stored));
    assertFailed(runtime.ecall(id, Programs.GET, Bytes.EMPTY), SgxStatus.ENCLAVE_CRASHED);
  }

  @Test
  void aHostThatPutsBackAnOlderPageIsFoundOut() {
    SgxDriver small = new SgxDriver(MACHINE, Knobs.epc(64), Faults.none());
    Urts runtime = new Urts(small);
    EnclaveImage big = Programs.keeper(40);
    SigStruct signed = Programs.sign(big);
    long id = created(runtime.create(big, signed, false));
    returned(runtime.ecall(id, Programs.PUT, SECRET));
    long filler = created(runtime.create(big, signed, false));
    Paging.Place place = new Paging.Place(id, big.heap());
    Paging paging = small.epc().paging();
    Bytes older = paging.hostRead(place);
    returned(runtime.ecall(id, Programs.PUT, Bytes.ascii("fedcba9876543210")));
    runtime.destroy(filler);
    created(runtime.create(big, signed, false));
    created(runtime.create(big, signed, false));
    assertThat(paging.holds(place)).isTrue();
    paging.hostWrite(place, older);
    assertFailed(runtime.ecall(id, Programs.GET, Bytes.EMPTY), SgxStatus.ENCLAVE_CRASHED);
  }

  @Test
  void aPowerTransitionLosesEveryEnclaveAtOnceAndCreateWorksAgain() {
    long one = create();
    long two = create();
    driver.strike(new Fault.PowerTransition());
    assertFailed(urts.ecall(one, Programs.GET, Bytes.EMPTY), SgxStatus.ENCLAVE_LOST);
    assertFailed(urts.ecall(two, Programs.GET, Bytes.EMPTY), SgxStatus.ENCLAVE_LOST);
    urts.destroy(one);
    urts.destroy(two);
    assertThat(returned(urts.ecall(create(), Programs.GET, Bytes.EMPTY)).allZero()).isTrue();
  }

  @Test
  void aForkedChildKeepsTheEpcAndCannotEnter() {
    int before = driver.freePages();
    long id = create();
    try (Urts.Child child = urts.fork()) {
      assertFailed(child.ecall(id, Programs.GET, Bytes.EMPTY), SgxStatus.ENCLAVE_LOST);
      urts.destroy(id);
      assertThat(driver.freePages()).isEqualTo(before - (int) NEED);
    }
    assertThat(driver.freePages()).isEqualTo(before);
  }

  @Test
  void aFailedEremoveLeaksItsPages() {
    int before = driver.freePages();
    long id = create();
    driver.strike(new Fault.LeakedPages(3));
    urts.destroy(id);
    assertThat(driver.leakedPages()).isEqualTo(3);
    assertThat(driver.freePages()).isEqualTo(before - 3);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whateverStrikesPagesAreFreeLeakedOrTakenAndARunRepeats(long seed) {
    List<String> first = run(seed);
    assertThat(run(seed)).isEqualTo(first);
  }

  /** Creates and destroys under a seeded plan; what it saw, line by line. */
  private static List<String> run(long seed) {
    SgxDriver machine = new SgxDriver(MACHINE, Knobs.epc(128), Faults.seeded(seed, 2_000, 40));
    Urts runtime = new Urts(machine);
    List<String> seen = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      switch (runtime.create(IMAGE, SIGNED, false)) {
        case Created.Enclave(long id) -> {
          seen.add(runtime.ecall(id, Programs.PUT, SECRET).toString());
          seen.add(runtime.destroy(id).toString());
        }
        case Created.Failed failed -> seen.add(failed.toString());
      }
      seen.add("free " + machine.freePages() + " leaked " + machine.leakedPages());
    }
    machine.strike(new Fault.PagesReturned());
    machine.strike(new Fault.ChildrenExit());
    assertThat(machine.freePages() + machine.leakedPages()).isEqualTo(128);
    return seen;
  }

  /**
   * The check of {@link UrtsTest#memoryLivesInTheEnclaveAndNotBeyondIt} goes red on a broken
   * adapter.
   */
  @Test
  void anAdapterThatLeavesResidueIsFoundOut() {
    int pages = (int) NEED;
    SgxDriver broken = new SgxDriver(MACHINE, new Knobs(pages, 0, 0, 0, 1, 1, 0, 0), Faults.none());
    Urts tight = new Urts(broken);
    long first = created(tight.create(IMAGE, SIGNED, false));
    returned(tight.ecall(first, Programs.PUT, SECRET));
    broken.strike(new Fault.Residue(pages));
    tight.destroy(first);
    long second = created(tight.create(IMAGE, SIGNED, false));
    List<Bytes> seen = new ArrayList<>();
    for (int page = 0; page < 8; page++) {
      seen.add(returned(tight.ecall(second, Programs.GET_PAGE, Bytes.u64(page))));
    }
    assertThat(seen).contains(SECRET);
  }
}
