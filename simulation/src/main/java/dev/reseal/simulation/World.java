package dev.reseal.simulation;

import dev.reseal.authority.Endpoint;
import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.authority.Store;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.EnclaveDevice;
import dev.reseal.emulator.Fault.ChildrenExit;
import dev.reseal.emulator.Fault.PagesReturned;
import dev.reseal.emulator.Fault.PowerTransition;
import dev.reseal.instance.State;
import dev.reseal.instance.Trust;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Situation;
import dev.reseal.lifecycle.Verb;
import dev.reseal.wire.AuthorityMessage.Activation;
import dev.reseal.wire.AuthorityMessage.Grant;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Signed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Everything there is, in one thread: the real decisions, journal, container files, register and
 * instances over virtual time, a bad disk and a bad network. One seed gives one history.
 */
final class World {
  private static final Replay REPLAY = Replay.ofSpec();
  private static final long PATIENCE_MS = 400_000;

  final Timeline time = new Timeline();
  final Trace trace = new Trace(time::nowMs);
  final Chance chance;
  final Wiring wiring;
  final HostClocks authorityClocks = new HostClocks(time::nowMs);
  final MachineNode machine;
  final AuthorityNode authority;
  final Network network;
  final SupervisorNode supervisor;
  final Clients clients;
  final Invariants invariants = new Invariants(this);
  final Ledger ledger = new Ledger();
  final List<Step> steps = new ArrayList<>();
  private final Chance keys;
  private final Operator operator;
  private final Hostile hostile;
  private final Map<String, InstanceNode> instances = new LinkedHashMap<>();
  private final Set<String> hidden = new HashSet<>();
  private final Map<String, Long> busyUntilMs = new HashMap<>();
  private final List<Advised> advised = new ArrayList<>();
  private Observer observer = (_, _) -> {};
  private long quotesDownUntilMs;
  private long spoiledFence = -1;
  private boolean restarting;
  private boolean platformIsGone;
  private int adviceToLose;
  private int adviceToRepeat;
  private int born;

  /** A message that reached an instance. */
  record Advised(Verb verb, Bytes payload) {}

  /** Told of every point at which something can go wrong, and in which phase. */
  interface Observer {
    /** Before or after what a supervisor does, or empty: between two happenings. */
    void point(Phase phase, Optional<CrashPoint.Side> side);

    /** A fault that was planned comes now, or one that follows from another. */
    default void struck(Phase phase, String what) {}
  }

  World(long seed, Wiring wiring) {
    this.chance = new Chance(seed);
    this.keys = chance.split();
    this.wiring = wiring;
    this.machine = new MachineNode(keys.bytes());
    this.authority =
        new AuthorityNode(
            authorityClocks,
            keys,
            wiring.supervisorMay(),
            new AuthorityNode.Around() {
              @Override
              public Endpoint wrap(Endpoint inner, AuthorityParts parts) {
                return wiring.around(inner, parts, authorityClocks);
              }

              @Override
              public Store wrap(Store inner) {
                return wiring.store(inner);
              }

              @Override
              public void struck(AuthorityParts parts) {
                Fault came =
                    parts.losesPower() ? Fault.AUTHORITY_POWER_LOSS : Fault.AUTHORITY_CRASH;
                World.this.struck(came.name());
              }
            });
    this.network = new Network(this, chance.split());
    this.clients = new Clients(this);
    this.supervisor = new SupervisorNode(this, chance.split());
    this.operator = new Operator(this, chance.split());
    this.hostile = new Hostile(this, chance.split());
    this.supervisor.start();
    clients.come();
  }

  void observe(Observer newObserver) {
    observer = newObserver;
  }

  Operator operator() {
    return operator;
  }

  Hostile hostile() {
    return hostile;
  }

  Chance keys() {
    return keys;
  }

  void point(Optional<CrashPoint.Side> side) {
    observer.point(Situation.phase(supervisor.situation()), side);
  }

  void struck(String what) {
    observer.struck(Situation.phase(supervisor.situation()), what);
  }

  /** One happening, then the invariants; false when nothing waits. */
  boolean step() {
    point(Optional.empty());
    if (!time.step()) {
      return false;
    }
    trace.phase(Situation.phase(supervisor.situation()).name());
    invariants.step();
    operator.step();
    hostile.look();
    if (!authority.up() && !restarting) {
      restarting = true;
      time.after(chance.between(50, 2_000), this::restartAuthority);
    }
    return true;
  }

  /** A new process of the authority over what is durable. */
  void restartAuthority() {
    restarting = false;
    authority.stop();
    try {
      authority.start();
      trace.line("authority started");
    } catch (AuthorityParts.Crash crash) {
      trace.line("authority died as it started");
    }
  }

  /** From now on nothing restores, until another operation takes the place of this one. */
  void spoilOperation() {
    spoiledFence = invariants.seen().map(status -> status.operation().fence()).orElse(-1L);
  }

  private boolean restoreFails() {
    return spoiledFence >= 0
        && invariants.seen().map(now -> now.operation().fence() == spoiledFence).orElse(false);
  }

  List<InstanceNode> nodes() {
    return List.copyOf(instances.values());
  }

  Optional<InstanceNode> node(String handle) {
    return Optional.ofNullable(instances.get(handle));
  }

  /** Those that the supervisor does not deny. */
  List<InstanceNode> visible() {
    return instances.values().stream().filter(node -> !hidden.contains(node.handle())).toList();
  }

  List<Advised> advised() {
    return advised;
  }

  // Instances

  /** A process in the new enclave. */
  InstanceNode start(EnclaveDevice enclave, InstanceNode.Ears ears, Bytes lineage) {
    born++;
    Trust trust = new Trust(List.of(authority.signer.verifyKey()), Optional.empty(), lineage);
    DeviceNode device = new DeviceNode(enclave, () -> time.nowMs() >= quotesDownUntilMs);
    InstanceNode node =
        new InstanceNode(
            "i" + born, trust, device, () -> !restoreFails(), keys.bytes(), ears, steps::add);
    instances.put(node.handle(), node);
    trace.line("created " + node.handle());
    return node;
  }

  /** Its process is gone. */
  void kill(String handle) {
    InstanceNode gone = instances.remove(handle);
    if (gone != null) {
      trace.line("killed " + handle);
      ledger.excuse(handle);
      gone.close();
      if (!hidden.remove(handle)) {
        supervisor.exited(handle);
      }
    }
  }

  /** The daemon that runs instances ends, and they with it; it is back after one order. */
  void platformDies() {
    nodes().forEach(node -> kill(node.handle()));
    platformIsGone = true;
  }

  /** Whether somebody takes this order to create an enclave; somebody takes the next one. */
  boolean platformTakesOrder() {
    boolean taken = !platformIsGone;
    platformIsGone = false;
    return taken;
  }

  /** Suspended and awake again: no enclave is left. */
  void powerTransition() {
    machine.strike(new PowerTransition());
    nodes().forEach(node -> kill(node.handle()));
  }

  /** By order of the supervisor. */
  void destroy(String handle) {
    InstanceNode gone = instances.remove(handle);
    if (gone != null) {
      invariants.mayBeDestroyed(gone);
      if (gone.inside().gen().isPresent() && gone.inside().state() != State.LOCKED) {
        ledger.excuse(handle);
      }
      gone.close();
    }
    hidden.remove(handle);
  }

  /** The supervisor pretends that it is gone. */
  void hide(String handle) {
    hidden.add(handle);
    ledger.excuse(handle);
  }

  /** A hidden instance and one that the supervisor never knew end with their host. */
  void endHidden() {
    for (String handle : List.copyOf(hidden)) {
      hidden.remove(handle);
      Optional.ofNullable(instances.remove(handle)).ifPresent(InstanceNode::close);
    }
  }

  /** Advice on its way; it arrives in order. */
  void advise(String handle, Verb verb, Bytes payload) {
    if (adviceToLose > 0) {
      adviceToLose--;
      trace.line("advice lost " + verb);
      return;
    }
    boolean again = adviceToRepeat > 0;
    adviceToRepeat = Math.max(0, adviceToRepeat - 1);
    inOrder(handle, () -> deliver(handle, verb, payload));
    if (again) {
      time.after(chance.between(5, 500), () -> deliver(handle, verb, payload));
    }
  }

  /** What an instance and its supervisor do with each other takes time and keeps its order. */
  void inOrder(String handle, Runnable what) {
    long at = Math.max(time.nowMs() + 1, busyUntilMs.getOrDefault(handle, 0L));
    busyUntilMs.put(handle, at);
    time.after(at - time.nowMs(), what);
  }

  void deliver(String handle, Verb verb, Bytes payload) {
    InstanceNode node = instances.get(handle);
    if (node == null) {
      return;
    }
    trace.line(handle + " told " + verb, payload);
    if (payload.size() > 0) {
      advised.add(new Advised(verb, payload));
    }
    node.obey(verb, payload, supervisor.shelf()::container);
    wiring.reached(node, verb, payload);
  }

  void stepped(InstanceNode node, State before, State after) {
    trace.line(node.handle() + " " + before + " -> " + after);
    if (after == State.LOCKED) {
      ledger.locked(node.handle());
    }
    if (after == State.SERVING && before == State.INSTALLING) {
      ledger.check(node);
    }
  }

  // What the world learns from what passes by

  /** An answer left the authority. */
  void learn(String call, Optional<Reply> reply) {
    if (reply.isEmpty() || !(reply.get() instanceof Reply.Answer(Bytes body))) {
      return;
    }
    if (call.equals(MessageType.READY.wireName()) || call.equals("activation")) {
      invariants.activated(Signed.peek(Activation.class, body));
    } else if (call.equals(MessageType.GRANT_REQUEST.wireName())) {
      invariants.granted(Signed.peek(Grant.class, body).instanceId());
    }
  }

  /** Runs until nothing is to be done any more, or too long; then all must be well. */
  void settle() {
    long until = time.nowMs() + PATIENCE_MS;
    while (!settled() && time.nowMs() < until) {
      step();
    }
    invariants.converged();
  }

  private boolean settled() {
    return supervisor.up()
        && authority.up()
        && operator.content()
        && supervisor.situation() instanceof Situation.Idle
        && instances.size() == 1
        && nodes().getFirst().inside().state() == State.SERVING
        && authority.status().filter(s -> s.state().equals("ACTIVE")).isPresent();
  }

  /** What was recorded is what the tables of spec/ allow. */
  void replay() {
    List<String> wrong =
        new ArrayList<>(REPLAY.together(supervisor.entries(), authority.log(), supervisor::logged));
    wrong.addAll(REPLAY.steps(steps));
    Check.that(wrong.isEmpty(), "TRACE", String.join("; ", wrong));
  }

  // Faults of what is neither disk nor network

  void quotesDown(long ms) {
    quotesDownUntilMs = time.nowMs() + ms;
  }

  void loseAdvice(int n) {
    adviceToLose = n;
  }

  void repeatAdvice(int n) {
    adviceToRepeat = n;
  }

  void heal() {
    platformIsGone = false;
    hostile.end();
    network.heal();
    authority.parts.crashIn(-1);
    supervisor.healDisks();
    machine.strike(new PagesReturned());
    machine.strike(new ChildrenExit());
    quotesDownUntilMs = 0;
    adviceToLose = 0;
    adviceToRepeat = 0;
    clients.divert(0);
  }
}
