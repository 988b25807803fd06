package dev.reseal.authority;

import dev.reseal.authority.Decision.Accepted;
import dev.reseal.authority.Decision.Keep;
import dev.reseal.authority.Keys.Gen;
import dev.reseal.authority.Keys.Wrap;
import dev.reseal.authority.Row.Incumbent;
import dev.reseal.authority.Row.State;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Ask;
import dev.reseal.wire.AuthorityMessage.Abort;
import dev.reseal.wire.AuthorityMessage.RekeyGrant;
import dev.reseal.wire.AuthorityMessage.Ticket;
import dev.reseal.wire.Code;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Limits;
import dev.reseal.wire.Mode;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Target;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Begin, Prepare, Takeover, Rekey and Abort (protocol 7, 11, 12). */
final class Operations {
  private static final Bytes ZERO32 = Bytes.zeros(32);

  /** Of what a row can hold, the rest is for takeovers, which are not refused for it. */
  static final int WRAPS_MAX = Limits.LIST - 64;

  private final Row row;
  private final Desk desk;
  private final Ask ask;
  private final Signed<Request> signed;
  private final NewKeys keys;

  Operations(Row row, Desk desk, Ask ask, Signed<Request> signed) {
    this.row = row;
    this.desk = desk;
    this.ask = ask;
    this.signed = signed;
    this.keys = new NewKeys(row, desk);
  }

  Accepted genesis() {
    if (!(row.state() instanceof State.Empty)) {
      throw Register.wrongState(row, "genesis");
    }
    Denied.unless(!ask.targets().isEmpty(), Code.CORRUPT, "FIELD", "a genesis without targets");
    ask.targets().forEach(this::allowed);
    Denied.unless(
        NewKeys.nextFits(row, 1, row.policy().essentials().purposes(), desk),
        Code.POLICY_REFUSED,
        "KEYSET_BOUND",
        "the keys of the first generation do not fit one keyset: add shorter ones");
    Operation operation = operation(true, Optional.empty(), 0);
    Row next = begun(new State.Sealed(Optional.empty(), operation), operation);
    return made(next, "begin");
  }

  private void allowed(Target target) {
    Authorisation.target(row.policy(), target);
  }

  Accepted reseal(Optional<EvidenceJudge.Verdict> active) {
    Incumbent incumbent =
        switch (row.state()) {
          case State.Active(var serving) -> serving;
          case State.Prepared _, State.Sealed _ ->
              throw Denied.of(Code.BUSY, "another operation is in flight");
          case State.Empty(), State.Closed _ -> throw Register.wrongState(row, "reseal");
        };
    Mode mode = ask.mode().orElseThrow(() -> Denied.of(Code.CORRUPT, "FIELD", "no mode"));
    if (mode == Mode.OVERLAP) {
      throw Requests.notYet("overlap");
    }
    Denied.unless(!ask.targets().isEmpty(), Code.CORRUPT, "FIELD", "a reseal without targets");
    Denied.unless(
        row.keys().wraps().size() < WRAPS_MAX,
        Code.POLICY_REFUSED,
        "RETIRE_FIRST",
        row.keys().wraps().size()
            + " wrap keys were never retired: reseal retire "
            + row.policy().name());
    ask.targets().forEach(target -> same(incumbent.identity(), target));
    Bytes collateral =
        switch (active.orElseThrow(
            () ->
                Denied.of(Code.WRONG_STATE, "NO_EVIDENCE", "no evidence of the active instance"))) {
          case EvidenceJudge.Verdict.Genuine genuine -> genuine.collateral();
          case EvidenceJudge.Verdict.Refused(var error) -> throw Denied.of(error);
        };
    ask.targets().forEach(this::allowed);
    rotatable();
    long permit = desk.now().wallMs() + row.policy().dials().permitS() * 1_000;
    Head about = new Head(row.lineage(), ask.head().opId(), row.fence() + 1, row.epoch());
    Bytes ticket =
        desk.sign(
            new Ticket(
                about,
                incumbent.identity().instanceId(),
                Kind.RESEAL,
                mode,
                ask.targets(),
                Optional.empty(),
                permit,
                collateral.sha256()));
    Operation operation = operation(ask.rotate(), Optional.of(ticket.sha256()), permit);
    Row next = begun(new State.Prepared(incumbent, operation), operation);
    return made(next, "prepare")
        .answering(ticket)
        .keeping(new Keep(ask.head().opId(), "exhibit-ticket", ZERO32, ticket, List.of()))
        .keeping(new Keep(ask.head().opId(), Assessment.PIN, ZERO32, collateral, List.of()));
  }

  /** Exactly the active measurement on the active platform, no older. */
  private static void same(Identity active, Target target) {
    Denied.unless(
        target.mrenclave().equals(active.mrenclave())
            && target.isvProdId() == active.isvProdId()
            && target.leastIsvSvn() >= active.isvSvn(),
        Code.MEASUREMENT_REFUSED,
        "TARGET",
        "the target is not the active measurement " + active.mrenclave());
    Denied.unless(
        target.platformKind() == active.platformKind()
            && target.platformId().map(active.platformId()::equals).orElse(false),
        Code.PLATFORM_REFUSED,
        "TARGET",
        "the target is not the active platform " + active.platformId());
  }

  Accepted takeover(Set<Bytes> approvers) {
    Incumbent incumbent = row.incumbent().orElseThrow(() -> Register.wrongState(row, "takeover"));
    long wait = new Passports(desk).waitMs(row);
    if (wait > 0) {
      throw Denied.of(
              Code.LEASE_RUNNING,
              "a passport of the active instance may be valid for " + wait + " ms")
          .number(wait);
    }
    Denied.unless(!ask.targets().isEmpty(), Code.CORRUPT, "FIELD", "a takeover without targets");
    for (Target target : ask.targets()) {
      targetOfTakeover(incumbent.identity(), target, approvers);
      allowed(target);
    }
    rotatable();
    Operation operation = operation(ask.rotate(), Optional.empty(), 0);
    Row next = begun(new State.Sealed(Optional.of(incumbent), operation), operation);
    return made(next, "takeover");
  }

  private void targetOfTakeover(Identity active, Target target, Set<Bytes> approvers) {
    try {
      same(active, target);
    } catch (Denied other) {
      boolean ruled = row.policy().approvals().containsKey(Kind.UPGRADE);
      if (!ruled) {
        throw other;
      }
      int missing = row.policy().missing(Kind.UPGRADE, approvers);
      if (missing > 0) {
        throw Denied.of(
                Code.NEED_APPROVAL,
                "a takeover by another measurement lacks " + missing + " approvals")
            .number(missing);
      }
      boolean here =
          target.platformId().map(active.platformId()::equals).orElse(false)
              && target.platformKind() == active.platformKind();
      if (!here || row.policy().essentials().binding() == Essentials.Binding.ENCLAVE) {
        throw Requests.notYet("a takeover that needs a transfer");
      }
    }
  }

  private void rotatable() {
    if (ask.rotate()) {
      nextFits(row.policy().essentials().purposes());
    }
  }

  /** The floor, up from which all generations stay in use. */
  private long nextFits(List<String> purposes) {
    long floor = row.head().orElseThrow().decodedFooter().genFloor();
    Denied.unless(
        NewKeys.nextFits(row, floor, purposes, desk),
        Code.POLICY_REFUSED,
        "KEYSET_BOUND",
        "generations " + floor + " to " + row.gen() + " are in use: raise the floor first");
    return floor;
  }

  Accepted rekey() {
    Incumbent incumbent =
        switch (row.state()) {
          case State.Active(var serving) -> serving;
          case State.Prepared _, State.Sealed _ ->
              throw Denied.of(Code.BUSY, "another operation is in flight");
          case State.Empty(), State.Closed _ -> throw Register.wrongState(row, "rekey");
        };
    // What a newer policy names counts from the next activation on; this instance knows its own.
    List<String> purposes = row.epochEssentials(incumbent).purposes();
    long floor = nextFits(purposes);
    long gen = row.gen() + 1;
    Gen made = keys.generation(gen, row.fence() + 1, purposes);
    Row next =
        row.with(row.state())
            .withCounters(row.epoch(), row.fence() + 1, gen)
            .withKeys(row.keys().plusGen(made).plusDestroying(keys.used()))
            .withLast(Kind.REKEY, ask.head().opId())
            .rekeyedAt(desk.now().wallMs());
    List<String> carries = NewKeys.names(next, floor);
    Bytes grant = desk.sign(rekeyGrant(incumbent.identity(), next, floor));
    return made(next, "rekey")
        .answering(grant)
        .carrying(carries)
        .keeping(new Keep(ask.head().opId(), "rekey-grant", ZERO32, grant, carries));
  }

  private RekeyGrant rekeyGrant(Identity identity, Row next, long floor) {
    Head about = new Head(row.lineage(), ask.head().opId(), next.fence(), row.epoch());
    Bytes info = HpkeInfo.of(about).rekey(identity.instanceId(), row.epoch(), next.gen());
    Function<String, Secret> lookup =
        name ->
            keys.made().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .map(each -> each.key().copy())
                .orElseGet(() -> desk.require(name));
    try (Keyset keyset = NewKeys.keyset(next, floor, lookup);
        Secret plaintext = keyset.encode()) {
      Hpke.Box box = Hpke.seal(identity.kemKey(), info, plaintext, desk.randomness());
      return new RekeyGrant(about, identity.instanceId(), next.gen(), box);
    }
  }

  Accepted abort() {
    Operation operation = row.operation().orElseThrow(() -> Register.wrongState(row, "abort"));
    Denied.unless(
        operation.kind() != Kind.TAKEOVER && operation.kind() != Kind.RECOVER,
        Code.WRONG_STATE,
        "WRONG_STATE",
        "a takeover cannot be aborted: nobody is left to resume");
    State back = row.incumbent().<State>map(State.Active::new).orElseGet(State.Empty::new);
    Row next = row.with(back).withKeys(withoutPrevious());
    Bytes instance = row.incumbent().map(each -> each.identity().instanceId()).orElse(ZERO32);
    Bytes abort = desk.sign(new Abort(row.about(operation), instance));
    return Accepted.of(next, Requests.event("abort", next, ask, signed))
        .answering(abort)
        .keeping(new Keep(operation.opId(), "abort", ZERO32, abort, List.of()));
  }

  private Operation operation(boolean rotate, Optional<Bytes> ticket, long permit) {
    long fence = row.fence() + 1;
    long gen = rotate ? row.gen() + 1 : row.gen();
    Bytes wrapId = keys.wrap(fence);
    if (rotate) {
      keys.generation(gen, fence, row.policy().essentials().purposes());
    }
    return new Operation(
        ask.kind(),
        ask.mode(),
        ask.head().opId(),
        fence,
        ask.targets(),
        gen,
        wrapId,
        essentials(rotate).encode(),
        ticket,
        permit,
        List.of());
  }

  /** Purposes that a newer policy names come with keys for them: with the next generation. */
  private Essentials essentials(boolean rotate) {
    Essentials newest = row.policy().essentials();
    Optional<Incumbent> keeping = row.incumbent().filter(_ -> !rotate);
    return keeping
        .map(incumbent -> newest.withPurposes(row.epochEssentials(incumbent).purposes()))
        .orElse(newest);
  }

  /** The keys that the operation in flight had made go: nobody can have used them. */
  private Row begun(State state, Operation operation) {
    Keys left = withoutPrevious().plusWrap(next(operation));
    if (operation.nextGen() > row.gen()) {
      left = left.plusGen(new Gen(operation.nextGen(), operation.fence()));
    }
    return row.with(state)
        .withCounters(row.epoch(), operation.fence(), row.gen())
        .withKeys(left.plusDestroying(keys.used()))
        .withLast(operation.kind(), operation.opId());
  }

  private Keys withoutPrevious() {
    return row.operation()
        .map(previous -> row.keys().minus(List.of(next(previous)), prepared(previous)))
        .orElse(row.keys());
  }

  private static Wrap next(Operation operation) {
    return new Wrap(operation.nextWrapId(), operation.fence());
  }

  private List<Gen> prepared(Operation previous) {
    return previous.nextGen() > row.gen()
        ? List.of(new Gen(previous.nextGen(), previous.fence()))
        : List.of();
  }

  private Accepted made(Row next, String event) {
    return Accepted.of(next, Requests.event(event, next, ask, signed)).making(keys.made());
  }
}
