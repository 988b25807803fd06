package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.instance.State;
import dev.reseal.lifecycle.Situation;
import dev.reseal.wire.Status;
import java.util.List;

/** The statements of protocol 17 that this world can check. */
final class SimInvariants {
  private SimInvariants() {}

  /** T1: of all living instances at most one serves. */
  static void always(SimWorld world) {
    assertThat(serving(world)).as("T1: more than one instance serves").hasSizeLessThan(2);
  }

  /** T22: nothing that the register calls active and that serves is ever destroyed. */
  static void mayBeDestroyed(SimWorld world, InstanceNode instance) {
    Status status = world.authority.status();
    boolean active =
        status
            .active()
            .filter(a -> a.instanceId().equals(instance.inside().instanceId()))
            .isPresent();
    boolean owner = active && !status.state().equals("SEALED");
    assertThat(owner && instance.inside().state() != State.DEAD)
        .as("T22: the active instance was destroyed in " + status.state())
        .isFalse();
  }

  /** T19: exactly one instance is alive, it serves, and register and supervisor agree. */
  static void converged(SimWorld world) {
    Status status = world.authority.status();
    assertThat(world.situation()).as("T19").isInstanceOf(Situation.Idle.class);
    assertThat(status.state()).as("T19").isEqualTo("ACTIVE");
    assertThat(world.instances).as("T19, T24: other instances are alive").hasSize(1);
    assertThat(serving(world)).as("T19").hasSize(1);
    InstanceNode one = serving(world).getFirst();
    assertThat(status.active().orElseThrow().instanceId())
        .as("T3: the register names another one")
        .isEqualTo(one.inside().instanceId());
    world.ledger.check(one.inside());
  }

  private static List<InstanceNode> serving(SimWorld world) {
    return world.instances.values().stream()
        .filter(i -> i.inside().state() == State.SERVING)
        .toList();
  }
}
