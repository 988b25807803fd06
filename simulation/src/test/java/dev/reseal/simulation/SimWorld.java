package dev.reseal.simulation;

import dev.reseal.authority.Endpoint;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.EnclaveDevice;
import dev.reseal.emulator.EnclaveDevice.Created;
import dev.reseal.emulator.Fault.PowerTransition;
import dev.reseal.instance.State;
import dev.reseal.instance.Trust;
import dev.reseal.journal.Entry;
import dev.reseal.journal.MemoryJournal;
import dev.reseal.lifecycle.Call;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.Denial;
import dev.reseal.lifecycle.Effect;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Facts;
import dev.reseal.lifecycle.InstanceState;
import dev.reseal.lifecycle.Lifecycle;
import dev.reseal.lifecycle.Limits;
import dev.reseal.lifecycle.Situation;
import dev.reseal.lifecycle.Verb;
import dev.reseal.lifecycle.View;
import dev.reseal.supervisor.Answers;
import dev.reseal.supervisor.Effects;
import dev.reseal.supervisor.Engine;
import dev.reseal.supervisor.Notes;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Digests;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.Renew;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.Kind;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Real decision core, journal notes, register and instances in one thread: orders that touch the
 * world take effect at once, their results wait in a queue, and a crash of the supervisor loses the
 * queue, the alarms and what the journal had not synced.
 */
final class SimWorld implements Effects, InstanceNode.Ears {
  /** The supervisor stops here and now. */
  static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Crash(String where) {
      super(where);
    }
  }

  final List<Step> steps = new ArrayList<>();
  private static final Bytes NO_OP = Bytes.zeros(16);

  final SimClocks clocks = new SimClocks();
  private final MachineNode machine = new MachineNode(Randomness.system());
  final SimAuthority authority;
  final Map<String, InstanceNode> instances = new LinkedHashMap<>();
  final SimLedger ledger = new SimLedger();
  private final Map<Bytes, Bytes> arrived = new HashMap<>();
  private final Map<Bytes, Bytes> named = new HashMap<>();
  private final ArrayDeque<Event> events = new ArrayDeque<>();
  private final TreeMap<Long, List<Event>> alarms = new TreeMap<>();
  private final CrashSeams seams;
  private MemoryJournal journal = new MemoryJournal(SimAuthority.LINEAGE, clocks::wallMs);
  private Engine engine;
  private Optional<String> target = Optional.empty();
  private boolean platformIsGone;
  private int born;

  /** {@code may}: what its supervisor may ask for by itself. */
  SimWorld(String may, CrashSeams.Reached reached) {
    this.authority = new SimAuthority(clocks, may);
    this.seams = new CrashSeams(reached);
    this.engine = engine();
  }

  private Engine engine() {
    return new Engine(
        new Lifecycle(Limits.DEFAULT),
        seams.journal(journal),
        seams.effects(this),
        (_, _, _) -> {});
  }

  List<Entry> entries() {
    return journal.entries();
  }

  Situation situation() {
    return engine.situation();
  }

  /**
   * A supervisor that knows only what is durable, of its journal no more than {@code kept} entries,
   * and hears from every living instance.
   */
  void restart(int kept) {
    events.clear();
    alarms.clear();
    target = Optional.empty();
    journal = journal.cut(kept);
    engine = engine();
    engine.start();
    instances.values().forEach(this::introduce);
  }

  void start() {
    engine.start();
  }

  void ask(Requests.Made made, Kind kind) {
    events.add(new Event.Asked(kind, made.opId(), made.message()));
  }

  void kill(String handle) {
    InstanceNode gone = instances.remove(handle);
    if (gone != null) {
      ledger.killed(gone);
      gone.close();
      events.add(new Event.Exited(handle));
    }
  }

  /** The daemon that runs instances ends, and they with it; it is back after one order. */
  void platformDies() {
    List.copyOf(instances.keySet()).forEach(this::kill);
    platformIsGone = true;
  }

  /** Suspended and awake again: no enclave is left. */
  void powerTransition() {
    machine.strike(new PowerTransition());
    List.copyOf(instances.keySet()).forEach(this::kill);
  }

  /** Runs until nothing happens by itself; waits only when there is nothing else to do. */
  void settle() {
    for (int step = 0; step < 2_000; step++) {
      ledger.write(target.map(instances::get));
      SimInvariants.always(this);
      Event event = events.poll();
      if (event != null) {
        engine.handle(event);
      } else if (quiet() || alarms.isEmpty()) {
        return;
      } else {
        wait(alarms.pollFirstEntry());
      }
    }
    throw new AssertionError("it never comes to rest: " + engine.situation());
  }

  private boolean quiet() {
    return switch (engine.situation()) {
      case Situation.Idle _, Situation.Unborn _, Situation.Halted _ -> true;
      case Situation.Unsettled _, Situation.Running _, Situation.BackingOut _, Situation.Aside _ ->
          false;
    };
  }

  private void wait(Map.Entry<Long, List<Event>> due) {
    clocks.advance(Math.max(0, due.getKey() - clocks.monotonicMs()));
    events.addAll(due.getValue());
  }

  private void introduce(InstanceNode instance) {
    events.add(new Event.Born(instance.handle()));
    entered(instance, instance.inside().state());
    instance.ready().ifPresent(cose -> message(instance, MessageType.READY, cose));
    if (instance.inside().state() == State.LOCKED) {
      instance.receipt().ifPresent(cose -> message(instance, MessageType.SEAL_RECEIPT, cose));
    }
  }

  // Orders

  @Override
  public void perform(Effect effect) {
    switch (effect) {
      case Effect.Inspect _ -> events.add(new Event.Fit());
      case Effect.Submit(Call call, Bytes message) ->
          reply(call, authority.endpoint().post(path(call), message));
      case Effect.Challenge(Bytes opId) ->
          reply(
              Call.CHALLENGE,
              authority
                  .endpoint()
                  .post(
                      "challenge",
                      Cbor.array(Cbor.of(SimAuthority.LINEAGE), Cbor.of(opId)).encode()));
      case Effect.Demand(Kind kind) -> demand(kind);
      case Effect.Fetch(Call call, Bytes opId) -> fetch(call, opId);
      case Effect.Park() -> target = Optional.empty();
      case Effect.Release(String handle) -> target = Optional.of(handle);
      case Effect.Advise(String handle, Verb verb, Bytes payload) ->
          Optional.ofNullable(instances.get(handle))
              .ifPresent(i -> i.obey(verb, payload, this::stored));
      case Effect.CheckPlatform(String handle) ->
          Optional.ofNullable(instances.get(handle))
              .ifPresent(i ->
                  i.obey(
                      Verb.PLAT_CHECK,
                      authority.status().head().orElseThrow().slots(),
                      this::stored));
      case Effect.Keep(_, Bytes body) -> keep(body);
      case Effect.Destroy(String handle) -> destroy(handle);
      case Effect.Reclaim() -> events.add(new Event.Reclaimed(""));
      case Effect.Create _ -> create();
      case Effect.Wait(var alarm, long ms, long turn) -> alarm(ms, new Event.Elapsed(alarm, turn));
      case Effect.Survey(long afterMs) -> alarm(afterMs, survey());
      case Effect.Tidy() -> tidy();
      case Effect.Finish _ -> {}
    }
  }

  /** A container by its body; asking for one that is not there is a fault of this world. */
  private Optional<Bytes> stored(Bytes body) {
    if (!named.containsKey(body)) {
      throw new AssertionError("container " + body + " is gone");
    }
    return Optional.of(named.get(body));
  }

  private void alarm(long ms, Event event) {
    if (ms == 0) {
      events.add(event);
      return;
    }
    alarms.computeIfAbsent(clocks.monotonicMs() + ms, _ -> new ArrayList<>()).add(event);
  }

  private static String path(Call call) {
    return switch (call) {
      case BEGIN, ABORT, TAKEOVER, RETIRE -> "request";
      case REGISTER -> "seal-receipt";
      case GRANT -> "grant-request";
      case ACTIVATE -> "ready";
      case CHALLENGE, FETCH_ACTIVATION, FETCH_ABORT -> throw new AssertionError(call);
    };
  }

  private void demand(Kind kind) {
    Status status = authority.status();
    switch (kind) {
      case TAKEOVER -> submit(Call.TAKEOVER, Requests.takeover(status, SimAuthority.SUPERVISOR));
      case ABORT -> submit(Call.ABORT, Requests.abort(status, SimAuthority.SUPERVISOR));
      case RETIRE -> submit(Call.RETIRE, Requests.retire(status, SimAuthority.SUPERVISOR));
      case GENESIS, RESEAL, UPGRADE, MIGRATE, RECOVER, REKEY, CLOSE, POLICY ->
          throw new AssertionError(kind);
    }
  }

  private void submit(Call call, Requests.Made made) {
    reply(call, authority.endpoint().post("request", made.message()));
  }

  private void fetch(Call call, Bytes opId) {
    String what = call == Call.FETCH_ABORT ? "abort/" : "activation/";
    reply(call, authority.endpoint().get(what + SimAuthority.LINEAGE.toHex() + "/" + opId.toHex()));
  }

  private void reply(Call call, Endpoint.Reply reply) {
    events.add(
        switch (reply) {
          case Endpoint.Reply.Answer(Bytes body) -> Answers.answered(call, body);
          case Endpoint.Reply.Nothing() -> new Event.Answered(call, NO_OP, 0, Bytes.EMPTY);
          case Endpoint.Reply.Refused(WireError error) -> new Event.Denied(call, Denial.of(error));
          case Endpoint.Reply.Unknown() -> throw new AssertionError(call + " is unknown");
        });
  }

  private void keep(Bytes body) {
    Bytes content = arrived.get(body);
    if (content != null) {
      named.put(body, content);
    }
    events.add(new Event.Kept(body));
  }

  private void destroy(String handle) {
    InstanceNode gone = instances.remove(handle);
    if (gone != null) {
      SimInvariants.mayBeDestroyed(this, gone);
      gone.close();
    }
    events.add(new Event.Destroyed(handle));
  }

  private void create() {
    if (platformIsGone) {
      platformIsGone = false;
      events.add(new Event.NotCreated(false, new Cause("PLATFORM", "nobody answers", "")));
      return;
    }
    born++;
    if (!(machine.create(SimAuthority.MRENCLAVE)
        instanceof Created.Enclave(EnclaveDevice enclave))) {
      throw new AssertionError("no enclave");
    }
    Trust trust =
        new Trust(List.of(SimAuthority.SIGNER.verifyKey()), Optional.empty(), SimAuthority.LINEAGE);
    InstanceNode made =
        new InstanceNode(
            "i" + born,
            trust,
            new DeviceNode(enclave, () -> true),
            () -> true,
            Randomness.system(),
            this,
            steps::add);
    instances.put(made.handle(), made);
    events.add(new Event.Created(made.handle()));
    events.add(new Event.Born(made.handle()));
  }

  private void tidy() {
    authority
        .status()
        .head()
        .ifPresent(head -> named.keySet().removeIf(body -> !body.equals(head.bodyId())));
  }

  private Event survey() {
    List<Facts.Found> found = new ArrayList<>();
    for (InstanceNode instance : instances.values()) {
      found.add(
          new Facts.Found(
              instance.handle(),
              Optional.of(instance.inside().instanceId()),
              InstanceState.valueOf(instance.inside().state().name())));
    }
    Optional<Facts.Noted> noted = Notes.newest(journal.entries());
    noted.flatMap(Facts.Noted::body).filter(arrived::containsKey).ifPresent(this::keepAgain);
    Status status = authority.status();
    View view =
        new View.Row(
            View.State.valueOf(status.state()),
            status.operation().kind() == 0 ? Kind.POLICY : Kind.of(status.operation().kind()),
            status.operation().opId(),
            status.operation().fence(),
            status.active().map(Status.Active::instanceId),
            true,
            status.head().map(Status.StateHead::bodyId));
    return new Event.Surveyed(view, new Facts(found, named.keySet(), noted));
  }

  private void keepAgain(Bytes body) {
    named.put(body, arrived.get(body));
  }

  // What instances say

  @Override
  public void stepped(InstanceNode from, State before, State after) {
    entered(from, after);
  }

  private void entered(InstanceNode from, State now) {
    InstanceState state = InstanceState.valueOf(now.name());
    events.add(new Event.Entered(from.handle(), state));
    if (state == InstanceState.SERVING) {
      events.add(new Event.Serving(from.handle(), 1));
    }
  }

  @Override
  public void message(InstanceNode from, MessageType type, Bytes cose) {
    switch (type) {
      case GRANT_REQUEST -> events.add(new Event.GrantAsked(from.handle(), cose));
      case SEAL_RECEIPT -> {
        SealReceipt receipt = Signed.peek(SealReceipt.class, cose);
        Bytes body = Digests.body(receipt.core(), receipt.footer());
        events.add(new Event.Sealed(from.handle(), body, cose));
      }
      case READY -> {
        Ready ready = Signed.peek(Ready.class, cose);
        events.add(new Event.Ready(from.handle(), ready.genesis().map(_ -> ready.bodyId()), cose));
      }
      case CHECKPOINT -> checkpoint(from, cose);
      case RENEW -> renew(from, cose);
      case REQUEST,
          TICKET,
          OPEN,
          CHECKPOINT_ACK,
          CHALLENGE,
          GRANT,
          ACTIVATION,
          ABORT,
          REKEY_GRANT,
          PASSPORT,
          RETIRED,
          LOG_ENTRY,
          LOG_HEAD,
          PROOF ->
          throw new AssertionError("an instance sent " + type);
    }
  }

  private void checkpoint(InstanceNode from, Bytes cose) {
    Checkpoint checkpoint = Signed.peek(Checkpoint.class, cose);
    Bytes body = Digests.body(checkpoint.core(), checkpoint.footer());
    keepAgain(body);
    if (authority.endpoint().post("checkpoint", cose) instanceof Endpoint.Reply.Answer(Bytes ack)) {
      from.acknowledged(ack);
      events.add(new Event.Checkpointed(from.handle(), body));
    }
  }

  private void renew(InstanceNode from, Bytes cose) {
    if (authority.endpoint().post("renew", cose) instanceof Endpoint.Reply.Answer(Bytes passport)) {
      from.obey(Verb.PASSPORT, passport, this::stored);
      long gen = Signed.peek(Renew.class, cose).genInstalled();
      events.add(new Event.Installed(from.handle(), gen));
    }
  }

  @Override
  public void refused(InstanceNode from, Verb verb, String rule) {
    String code = rule.isEmpty() ? Code.WRONG_STATE.name() : rule;
    events.add(new Event.AdviceRefused(from.handle(), verb.word(), code));
  }

  @Override
  public void container(InstanceNode from, Bytes content) {
    arrived.put(bodyOf(content), content);
  }

  @Override
  public void restoreFailed(InstanceNode from, String rule, String detail) {
    events.add(new Event.RestoreFailed(from.handle(), rule, detail));
  }

  @Override
  public void platformChecked(InstanceNode from, boolean same) {
    events.add(new Event.PlatformChecked(from.handle(), same));
  }

  private static Bytes bodyOf(Bytes container) {
    int coreSize = container.slice(8, 4).buffer().getInt();
    Bytes core = container.slice(12, coreSize);
    long mark = container.slice(container.size() - 16, 8).buffer().getLong();
    int footerSize = container.slice((int) mark + 1, 4).buffer().getInt();
    return Digests.body(core, container.slice((int) mark + 5, footerSize));
  }
}
