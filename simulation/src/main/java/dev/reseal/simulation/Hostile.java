package dev.reseal.simulation;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.State;
import dev.reseal.lifecycle.Verb;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Status;
import dev.reseal.wire.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a host does that keeps no rule: it has every message, every file and the supervisor's key.
 */
final class Hostile {
  private static final long PATIENCE_MS = 30_000;

  private final World world;
  private final Chance chance;
  private final List<Moment> moments = new ArrayList<>();
  private boolean lies;
  private boolean otherLineage;

  Hostile(World world, Chance chance) {
    this.world = world;
    this.chance = chance;
  }

  /** The next destroyed instance lives on. */
  void lie() {
    lies = true;
  }

  boolean liesAboutDestroy() {
    boolean now = lies;
    lies = false;
    if (now) {
      struck(Fault.DESTROY_IS_A_LIE);
    }
    return now;
  }

  /** The act is done, now and to somebody. */
  private void struck(Fault fault) {
    world.struck(fault.name());
  }

  void replayToInstance() {
    List<World.Advised> all = world.advised();
    List<InstanceNode> nodes = world.nodes();
    if (!all.isEmpty() && !nodes.isEmpty()) {
      World.Advised old = chance.of(all);
      struck(Fault.REPLAY_TO_INSTANCE);
      world.deliver(chance.of(nodes).handle(), old.verb(), old.payload());
    }
  }

  void replayToAuthority() {
    List<Network.Posted> all = world.network.posted();
    if (!all.isEmpty()) {
      Network.Posted old = chance.of(all);
      struck(Fault.REPLAY_TO_AUTHORITY);
      post(old.name(), old.body());
    }
  }

  /** Receipts of operations before this one, as soon as this one is prepared. */
  void oldReceipt() {
    when(
        status -> status.state().equals("PREPARED") && !oldReceipts(status).isEmpty(),
        status -> {
          List<Bytes> old = oldReceipts(status);
          old.forEach(receipt -> post("seal-receipt", receipt));
          if (!old.isEmpty()) {
            struck(Fault.OLD_RECEIPT);
          }
        });
  }

  private List<Bytes> oldReceipts(Status status) {
    List<Bytes> old = new ArrayList<>();
    for (Bytes receipt : world.supervisor.receipts().reversed()) {
      Head head = Signed.peek(SealReceipt.class, receipt).head();
      if (head.epoch() == status.operation().epoch()
          && !head.opId().equals(status.operation().opId())) {
        old.add(receipt);
      }
    }
    return old;
  }

  /** Every abort ever given, to whoever is locked then, and who lives on whatever is ordered. */
  void oldAbort() {
    when(
        _ -> locked().isPresent() && !aborts().isEmpty(),
        _ -> {
          String handle = locked().orElseThrow().handle();
          struck(Fault.OLD_ABORT);
          aborts().forEach(abort -> world.deliver(handle, Verb.ABORT, abort));
          lie();
        });
  }

  private List<Bytes> aborts() {
    return world.advised().stream()
        .filter(each -> each.verb() == Verb.ABORT)
        .map(World.Advised::payload)
        .distinct()
        .toList();
  }

  private Optional<InstanceNode> locked() {
    return world.nodes().stream().filter(node -> node.inside().state() == State.LOCKED).findFirst();
  }

  /** Messages of another lineage of the same authority. */
  void otherLineage() {
    otherLineage =
        otherLineage || world.authority.birth(AuthorityNode.OTHER_LINEAGE, "other").isPresent();
    if (!otherLineage) {
      return;
    }
    Bytes opId = world.keys().bytes().bytes(16);
    Target target = new Target(AuthorityNode.IMAGE, 1, 1, 2, Optional.empty());
    Head head = new Head(AuthorityNode.OTHER_LINEAGE, opId, 0, 0);
    Ask ask = new Ask(head, Kind.GENESIS, Optional.empty(), List.of(target), true, Ask.NOTHING);
    post("request", Signed.sign(Request.of(ask, List.of()), world.authority.operator).cose());
    Bytes call = Cbor.array(Cbor.of(AuthorityNode.OTHER_LINEAGE), Cbor.of(opId)).encode();
    Optional<Bytes> challenge = post("challenge", call);
    if (challenge.isPresent() && !world.nodes().isEmpty()) {
      struck(Fault.OTHER_LINEAGE);
      world.deliver(chance.of(world.nodes()).handle(), Verb.CHALLENGE, challenge.get());
    }
  }

  /** The active instance lives and serves, but its supervisor thinks it is gone. */
  void falseExit() {
    List<InstanceNode> visible = world.visible();
    if (!visible.isEmpty()) {
      String handle = chance.of(visible).handle();
      struck(Fault.FALSE_EXIT);
      world.hide(handle);
      world.supervisor.exited(handle);
      world.clients.divert(200);
    }
  }

  /** Granted like the first one; its ready comes at once, or when the first was committed. */
  void secondCandidate(boolean late) {
    when(
        status -> status.state().equals("SEALED"),
        status -> {
          Rival rival = new Rival(world);
          Optional<Bytes> ready = rival.candidate(AuthorityNode.IMAGE);
          if (ready.isPresent() && late) {
            long epoch = status.operation().epoch();
            when(
                now -> now.operation().epoch() > epoch,
                _ -> commit(rival, ready.get(), Fault.LATE_READY));
          } else {
            ready.ifPresent(message -> commit(rival, message, Fault.SECOND_CANDIDATE));
          }
        });
  }

  private void commit(Rival rival, Bytes ready, Fault fault) {
    struck(fault);
    rival.commit(ready);
  }

  void forgedCandidate() {
    when(
        status -> status.state().equals("SEALED"),
        _ -> {
          if (new Rival(world).forge()) {
            struck(Fault.FORGED_CANDIDATE);
          }
        });
  }

  /** A takeover to the other image that policy allows, signed by the supervisor's own key. */
  void otherImage() {
    world.visible().stream()
        .filter(world.wiring::serves)
        .findFirst()
        .ifPresent(node -> world.kill(node.handle()));
    world.network.down(15_000);
    when(
        status -> status.waitMillis() == 0 && !status.state().equals("EMPTY"),
        status -> {
          Target target =
              new Target(AuthorityNode.OTHER_IMAGE, 1, 1, 2, Optional.of(AuthorityNode.PLATFORM));
          struck(Fault.OTHER_IMAGE);
          takeover(status, target);
          new Rival(world).candidate(AuthorityNode.OTHER_IMAGE);
        });
  }

  /** A takeover while the passport of whoever serves is still valid, and a successor at once. */
  void earlyTakeover() {
    when(
        status -> status.state().equals("ACTIVE"),
        _ ->
            world
                .authority
                .status()
                .ifPresent(status -> {
                  Bytes message = Requests.takeover(status, world.authority.supervisor).message();
                  struck(Fault.EARLY_TAKEOVER);
                  if (post("request", message).isPresent()) {
                    world.visible().forEach(node -> world.ledger.excuse(node.handle()));
                    Rival rival = new Rival(world);
                    rival.candidate(AuthorityNode.IMAGE).ifPresent(rival::commit);
                  }
                }));
  }

  /** An abort that was signed during the operation and arrives after its commit. */
  void lateAbort() {
    when(
        status -> status.state().equals("SEALED") && status.active().isPresent(),
        status -> {
          long epoch = status.operation().epoch();
          Bytes held = Requests.abort(status, world.authority.operator).message();
          when(
              now -> now.operation().epoch() > epoch,
              _ -> {
                struck(Fault.LATE_ABORT);
                post("request", held);
              });
        });
  }

  private void takeover(Status status, Target target) {
    Status.Operation row = status.operation();
    Head head =
        new Head(AuthorityNode.LINEAGE, world.keys().bytes().bytes(16), row.fence(), row.epoch());
    Ask ask = new Ask(head, Kind.TAKEOVER, Optional.empty(), List.of(target), false, Ask.NOTHING);
    post("request", Signed.sign(Request.of(ask, List.of()), world.authority.supervisor).cose());
  }

  private interface When {
    boolean holds(Status status);
  }

  private interface Then {
    void act(Status status);
  }

  private record Moment(long untilMs, When when, Then then) {}

  /** Waits for its moment, for a while. */
  private void when(When moment, Then then) {
    moments.add(new Moment(world.time.nowMs() + PATIENCE_MS, moment, then));
  }

  /** After every step of the world: whose moment has come. */
  void look() {
    if (moments.isEmpty() || !world.authority.up() || world.invariants.seen().isEmpty()) {
      return;
    }
    Status now = world.invariants.seen().get();
    for (Moment moment : List.copyOf(moments)) {
      if (moment.when().holds(now)) {
        moments.remove(moment);
        world.time.after(0, () -> moment.then().act(now));
      } else if (moment.untilMs() < world.time.nowMs()) {
        moments.remove(moment);
      }
    }
  }

  /** Gives up. */
  void end() {
    moments.clear();
    lies = false;
  }

  /** Directly, whatever the network is like for others. */
  private Optional<Bytes> post(String name, Bytes body) {
    Optional<Reply> reply = world.authority.call(name, body);
    String words = reply.map(each -> each.getClass().getSimpleName()).orElse("silent");
    world.trace.line("hostile " + name + " " + words, body);
    world.learn(name, reply);
    return reply.isPresent() && reply.get() instanceof Reply.Answer(Bytes answer)
        ? Optional.of(answer)
        : Optional.empty();
  }
}
