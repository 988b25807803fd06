package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.instance.Instance;
import dev.reseal.instance.State;
import dev.reseal.wire.Cbor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A client that writes one number after the other and remembers who acknowledged what. */
final class SimLedger {
  private static final String STORE = "records";
  private static final int MOST = 40;

  private final List<Acknowledged> all = new ArrayList<>();
  private final Set<String> killed = new HashSet<>();
  private long next = 1;

  private record Acknowledged(long number, String by) {}

  /** One write to whoever the relay lets it through to. */
  void write(Optional<InstanceNode> served) {
    if (served.isEmpty() || all.size() >= MOST) {
      return;
    }
    Instance instance = served.get().inside();
    if (instance.state() != State.SERVING) {
      return;
    }
    if (instance.stores().size(STORE) == 0) {
      instance.stores().declare(STORE, 1);
    }
    long number = next++;
    long version = instance.stores().put(STORE, Cbor.of(number), Cbor.of(number * number));
    if (instance.mayRelease(version)) {
      all.add(new Acknowledged(number, served.get().handle()));
    }
  }

  /** Whatever it had acknowledged beyond the head may be gone, up to the RPO. */
  void killed(InstanceNode instance) {
    killed.add(instance.handle());
  }

  /** T2: everything acknowledged is there, but for a suffix of what a killed one acknowledged. */
  void check(Instance instance) {
    List<Acknowledged> missing =
        all.stream().filter(each -> !holds(instance, each.number())).toList();
    assertThat(missing)
        .as("T2: acknowledged and gone without a kill")
        .allMatch(each -> killed.contains(each.by()));
    for (String handle : killed) {
      List<Acknowledged> its = all.stream().filter(each -> each.by().equals(handle)).toList();
      List<Acknowledged> gone = missing.stream().filter(its::contains).toList();
      assertThat(gone.size()).as("T2: beyond the RPO").isLessThanOrEqualTo(SimAuthority.RPO);
      assertThat(its.subList(its.size() - gone.size(), its.size()))
          .as("T2: not a suffix")
          .isEqualTo(gone);
    }
  }

  private static boolean holds(Instance instance, long number) {
    return instance
        .stores()
        .get(STORE, Cbor.of(number))
        .equals(Optional.of(Cbor.of(number * number)));
  }
}
