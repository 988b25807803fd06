package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The account of a daemon's EPC: who is evicted, what comes back and when, and that it adds up. */
class EpcPoolTest {
  @Test
  void evictedPagesComeBackIntoRoomWhenTheirHolderIsUsed() {
    EpcPool epc = new EpcPool(100, 100);
    assertThat(epc.take("old", 60)).contains(0L);
    assertThat(epc.take("new", 70)).contains(30L);
    assertThat(epc.outside("old")).isEqualTo(30);
    epc.giveBack("new");
    assertThat(epc.free()).as("room returned, nothing moved by itself").isEqualTo(70);
    long before = epc.cost();
    assertThat(epc.use("old")).as("loaded").isEqualTo(30);
    assertThat(epc.cost() - before).isEqualTo(30 * Knobs.COST_LOAD);
    assertThat(epc.outside("old")).isZero();
    assertThat(epc.free()).isEqualTo(40);
    assertThat(epc.use("old")).as("all is there").isZero();
  }

  @Test
  void inAFullEpcUseCostsAnotherHolderItsPages() {
    EpcPool epc = new EpcPool(100, 100);
    epc.take("old", 60);
    epc.take("new", 70);
    long before = epc.cost();
    assertThat(epc.use("old")).as("30 in, 30 out").isEqualTo(60);
    assertThat(epc.cost() - before).isEqualTo(30 * (Knobs.COST_LOAD + Knobs.COST_EVICT));
    assertThat(epc.outside("old")).isZero();
    assertThat(epc.outside("new")).isEqualTo(30);
    assertThat(epc.free()).isZero();
  }

  @Test
  void whoeverWasUsedLeastRecentlyIsEvictedFirst() {
    EpcPool epc = new EpcPool(100, 100);
    epc.take("a", 50);
    epc.take("b", 50);
    epc.use("a");
    epc.take("c", 10);
    assertThat(epc.outside("a")).isZero();
    assertThat(epc.outside("b")).isEqualTo(10);
  }

  @Test
  void aFullBackingStoreLeavesThemOutsideUntilThereIsRoom() {
    EpcPool epc = new EpcPool(100, 30);
    epc.take("old", 60);
    epc.take("new", 70);
    assertThat(epc.use("old")).as("no slot to evict into").isZero();
    assertThat(epc.outside("old")).isEqualTo(30);
    epc.giveBack("new");
    assertThat(epc.use("old")).isEqualTo(30);
    assertThat(epc.use("nobody")).isZero();
  }

  @Test
  void whateverHappensEveryPageIsSomewhere() {
    SplittableRandom random = new SplittableRandom(4);
    EpcPool epc = new EpcPool(200, 80);
    List<String> live = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      String one = live.isEmpty() ? "" : live.get(random.nextInt(live.size()));
      switch (random.nextInt(4)) {
        case 0 -> {
          if (epc.take("h" + i, 1 + random.nextInt(90)).isPresent()) {
            live.add("h" + i);
          }
        }
        case 1 -> {
          epc.giveBack(one);
          live.remove(one);
        }
        default -> epc.use(one);
      }
      assertThat(epc.free()).isBetween(0L, 200L);
      assertThat(live.stream().mapToLong(epc::outside).sum()).isBetween(0L, 80L);
    }
    live.forEach(epc::giveBack);
    assertThat(epc.free()).isEqualTo(200);
  }
}
