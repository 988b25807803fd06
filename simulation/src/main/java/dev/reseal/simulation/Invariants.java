package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.instance.State;
import dev.reseal.lifecycle.Situation;
import dev.reseal.platform.Device;
import dev.reseal.sealed.ContainerException;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.PlatformKeys;
import dev.reseal.sealed.Slot;
import dev.reseal.sealed.SlotCheck;
import dev.reseal.sealed.SlotOpener;
import dev.reseal.wire.AuthorityMessage.Activation;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Status;
import dev.reseal.wire.X25519;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The statements of protocol 17, checked after every step; what does not hold is a {@link Check}.
 */
final class Invariants {
  private final World world;
  private final Map<Long, Bytes> activations = new HashMap<>();
  private Optional<Status> known = Optional.empty();
  private Bytes opened = Bytes.EMPTY;
  private int commits = -1;

  Invariants(World world) {
    this.world = world;
  }

  /** The register as it was seen last. */
  Optional<Status> seen() {
    return known;
  }

  void step() {
    if (world.authority.up() && world.authority.parts.commits() != commits) {
      commits = world.authority.parts.commits();
      world.authority.status().ifPresent(this::register);
    }
    List<InstanceNode> nodes = world.nodes();
    acceptable(nodes);
    candidates(nodes);
  }

  /** T1, and that whoever is acceptable is of the register's epoch. */
  private void acceptable(List<InstanceNode> nodes) {
    List<InstanceNode> accepted = nodes.stream().filter(this::accepts).toList();
    if (accepted.size() > 1) {
      throw new Check(
          "T1", accepted.stream().map(InstanceNode::handle).toList() + " are acceptable at once");
    }
    if (accepted.size() == 1 && known.isPresent() && commits == world.authority.parts.commits()) {
      long epoch = accepted.getFirst().passport().orElseThrow().head().epoch();
      long now = known.get().operation().epoch();
      Check.that(
          epoch == now,
          "T1",
          accepted.getFirst().handle() + " of epoch " + epoch + " is acceptable in epoch " + now);
    }
  }

  /** By a relying party whose clock lags by at most the skew. */
  boolean accepts(InstanceNode node) {
    if (!world.wiring.serves(node)) {
      return false;
    }
    long latest = world.authority.confirmedWallMs();
    return node.passport().map(passport -> acceptable(passport, latest)).orElse(false);
  }

  private static boolean acceptable(Passport passport, long latest) {
    long skew = AuthorityNode.SKEW_MS;
    return passport.notBefore() - skew <= latest && latest - skew <= passport.notAfter();
  }

  /** T10: a key generation is held by who was activated, and by nobody else. */
  private void candidates(List<InstanceNode> nodes) {
    for (InstanceNode node : nodes) {
      if (world.wiring.holds(node).isPresent()
          && !activations.containsValue(node.inside().instanceId())) {
        throw new Check("T10", node.handle() + " holds a key generation and was never activated");
      }
    }
  }

  /** T3: an activation left the authority. */
  void activated(Activation activation) {
    Bytes before = activations.putIfAbsent(activation.epoch(), activation.instanceId());
    Check.that(
        before == null || before.equals(activation.instanceId()),
        "T3",
        "epoch " + activation.epoch() + " was activated for two instances");
  }

  /** T37: the authority gave its half to this instance. */
  void granted(Bytes instanceId) {
    for (InstanceNode node : world.nodes()) {
      Check.that(
          !node.inside().instanceId().equals(instanceId)
              || node.image().equals(AuthorityNode.IMAGE),
          "T37",
          node.handle() + " of another image was granted without an approval");
    }
  }

  private void register(Status now) {
    known.ifPresent(before -> neverBack(before, now));
    now.active()
        .ifPresent(active ->
            Check.that(
                active.mrenclave().equals(AuthorityNode.IMAGE),
                "T37",
                "another image is active without an approval"));
    boolean settled = !now.state().equals("EMPTY") && !now.state().equals("CLOSED");
    if (settled && now.head().isPresent()) {
      head(now, now.head().get());
    }
    known = Optional.of(now);
  }

  private static void neverBack(Status before, Status now) {
    Status.Operation was = before.operation();
    Status.Operation is = now.operation();
    Check.that(
        was.epoch() <= is.epoch() && was.fence() <= is.fence() && was.gen() <= is.gen(),
        "T4",
        "the register went from " + counters(was) + " to " + counters(is));
  }

  private static String counters(Status.Operation row) {
    return "epoch " + row.epoch() + " fence " + row.fence() + " generation " + row.gen();
  }

  /** T5, T12: the head is on disk in full, and its slots open; T11: its generations exist. */
  private void head(Status now, Status.StateHead head) {
    world.ledger.registered(head.bodyId());
    Check.that(
        world.supervisor.shelf().holds(head.bodyId()),
        "T5",
        "the head " + head.bodyId() + " is not on disk");
    Set<String> names = world.authority.parts.keys().names();
    for (long gen = head.genFloor(); gen <= now.operation().gen(); gen++) {
      String prefix = "gen/" + AuthorityNode.LINEAGE + "/" + gen + "/";
      Check.that(
          names.stream().anyMatch(name -> name.startsWith(prefix)),
          "T11",
          "generation " + gen + " is needed by the head and does not exist");
    }
    for (Slot slot : Slot.decode(head.slots())) {
      Check.that(
          wrapName(slot.header().wrapId()).isPresent(),
          "T12",
          "the head's wrap key does not exist");
    }
    Bytes opener = Bytes.concat(world.machine.cpuSvn(), head.slots());
    if (!opened.equals(opener)) {
      opens(head, Essentials.decode(now.policy().essentials()));
      opened = opener;
    }
  }

  /** The fence of the operation that made it comes last. */
  private Optional<String> wrapName(Bytes wrapId) {
    String prefix = "wrap/" + AuthorityNode.LINEAGE + "/" + wrapId + "/";
    return world.authority.parts.keys().names().stream()
        .filter(name -> name.startsWith(prefix))
        .findFirst();
  }

  private void opens(Status.StateHead head, Essentials policy) {
    Bytes coreDigest = head.core().sha256();
    List<Slot> slots = Slot.decode(head.slots());
    List<Optional<Secret>> shares = new ArrayList<>();
    try {
      for (Slot slot : slots) {
        shares.add(
            Optional.of(
                SlotCheck.openShare(slot, AuthorityNode.LINEAGE, coreDigest, this::wrapKey)));
      }
      new SlotOpener(this::platformKey)
          .openDek(Core.decode(head.core()), coreDigest, slots, shares, policy)
          .close();
    } catch (ContainerException closed) {
      throw new Check("T5", "the head's slots do not open: " + closed.getMessage());
    } finally {
      shares.forEach(share -> share.ifPresent(Secret::close));
    }
  }

  private Optional<X25519.Pair> wrapKey(Bytes wrapId) {
    return wrapName(wrapId).flatMap(world.authority.parts.keys()::get).map(X25519.Pair::of);
  }

  private PlatformKeys.Answer platformKey(Bytes request) {
    return switch (world.machine.egetkey(request)) {
      case Device.KeyResult.Key(Secret key) -> new PlatformKeys.Answer.Key(key);
      case Device.KeyResult.Unsupported(), Device.KeyResult.Failed _ ->
          new PlatformKeys.Answer.Unsupported();
    };
  }

  /** T22: nothing that the register calls active and that serves is ever destroyed. */
  void mayBeDestroyed(InstanceNode node) {
    if (known.isEmpty() || commits != world.authority.parts.commits()) {
      return;
    }
    boolean active =
        known
            .get()
            .active()
            .filter(each -> each.instanceId().equals(node.inside().instanceId()))
            .isPresent();
    State state = node.inside().state();
    boolean served = state == State.SERVING || state == State.QUIESCING || state == State.LOCKED;
    Check.that(
        !active || !served || known.get().state().equals("SEALED"),
        "T22",
        "the active instance " + node.handle() + " was destroyed in " + known.get().state());
  }

  /** T19, T24, T36: exactly one instance is alive, it serves, register and supervisor agree. */
  void converged() {
    Situation at = world.supervisor.situation();
    Check.that(at instanceof Situation.Idle, "T19", "the supervisor rests in " + at);
    Status status = world.authority.status().orElseThrow(() -> new Check("T19", "no register"));
    Check.that(status.state().equals("ACTIVE"), "T19", "the register rests in " + status.state());
    List<InstanceNode> nodes = world.nodes();
    Check.that(nodes.size() == 1, "T24", nodes.size() + " instances are alive");
    InstanceNode one = nodes.getFirst();
    Check.that(one.inside().state() == State.SERVING, "T19", "it is in " + one.inside().state());
    Check.that(
        status.active().orElseThrow().instanceId().equals(one.inside().instanceId()),
        "T3",
        "the register names another instance than the one that serves");
    world.ledger.check(one);
  }
}
