package dev.reseal.authority;

import dev.reseal.authority.Decision.Accepted;
import dev.reseal.authority.Ledger.Held;
import dev.reseal.authority.Row.Operation;
import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException;
import dev.reseal.sealed.Core;
import dev.reseal.wire.Ask;
import dev.reseal.wire.AuthorityMessage.Challenge;
import dev.reseal.wire.Claims;
import dev.reseal.wire.Code;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Limits;
import dev.reseal.wire.Message;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.PhaseTimes;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireError;
import dev.reseal.wire.WireException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The authority behind its calls (transport T5): one event at a time, each durable and anchored
 * before it is answered, each answer kept and repeated byte for byte (protocol 6.3).
 */
public final class AuthorityService implements Endpoint {
  private static final Bytes ZERO16 = Bytes.zeros(16);
  private static final Bytes ZERO32 = Bytes.zeros(32);

  private final Ledger ledger;
  private final SigningKey signer;
  private final Setup setup;
  private final long startedMs;
  private final long stepBaseMs;
  private final Map<Bytes, Long> issuedMs = new HashMap<>();
  private final Map<Bytes, Long> policyMs = new HashMap<>();
  private final Map<Bytes, String> blocked;
  private final Challenges challenges = new Challenges();
  private final Assessment assessment;
  private final NonceRate rate = new NonceRate();

  /**
   * What the host decides once.
   *
   * @param operators whose policies may give birth to lineages
   */
  public record Setup(
      Essentials.Env env,
      List<VerifyKey> operators,
      EvidenceJudge judge,
      Clocks clocks,
      Randomness randomness) {
    public Setup {
      operators = List.copyOf(operators);
    }
  }

  /** Throws {@link StoreException} when the register must not be served (protocol 14.2). */
  public AuthorityService(
      Store store, Anchor anchor, KeyStore keys, SigningKey signer, Setup setup) {
    this.signer = signer;
    this.setup = setup;
    this.ledger = new Ledger(store, anchor, keys, signer);
    this.assessment = new Assessment(store, setup.judge(), setup.clocks());
    StartUp.Found found = new StartUp(ledger, signer.verifyKey()).check(setup.env());
    this.blocked = found.blocked();
    this.startedMs = setup.clocks().monotonicMs();
    this.stepBaseMs = setup.clocks().wallMs() - setup.clocks().uptimeMs();
    found.rows().forEach(this::eraseDestroying);
  }

  /** Lineages that lack a key, with what is missing: only Close is left for them. */
  public synchronized Map<Bytes, String> alarms() {
    return Map.copyOf(blocked);
  }

  @Override
  public synchronized Reply post(String name, Bytes body) {
    return answering(() -> {
      ledger.settle();
      return switch (name) {
        case "challenge" -> challenge(body);
        case "passport" -> onlinePassport(body);
        case "key-add" -> new KeyCalls(ledger).add(body);
        case "key-list" -> new KeyCalls(ledger).list(body);
        case PhaseTimes.NAME -> new PhaseReports(ledger).report(body);
        default -> message(name, body);
      };
    });
  }

  @Override
  public synchronized Reply get(String path) {
    return answering(() -> {
      ledger.settle();
      String[] parts = path.split("/", -1);
      return switch (parts.length) {
        case 2 -> lookup(parts[0], parts[1]);
        case 3 -> lookup(parts[0], hex(parts[1], 16), hex(parts[2], 16));
        default -> new Reply.Unknown();
      };
    });
  }

  private Reply lookup(String what, String which) {
    return switch (what) {
      case "status" -> status(require(hex(which, 16)).row());
      case "named" -> named(which);
      default -> new Reply.Unknown();
    };
  }

  private Reply lookup(String what, Bytes lineage, Bytes opId) {
    return switch (what) {
      case "activation", "abort" -> kept(what, lineage, opId);
      case "proof" ->
          new Reply.Answer(
              new ProofAssembly(ledger, signer).assemble(require(lineage).row(), opId));
      default -> new Reply.Unknown();
    };
  }

  /** A call that is answered, whatever comes of it. */
  private interface Call {
    Reply answer();
  }

  private static Reply answering(Call call) {
    try {
      return call.answer();
    } catch (Denied denied) {
      return new Reply.Refused(denied.error());
    } catch (WireException refused) {
      return new Reply.Refused(WireError.of(refused));
    } catch (ContainerException refused) {
      return new Reply.Refused(Denied.of(refused).error());
    } catch (StoreException | KeyStoreException failed) {
      return new Reply.Refused(
          Denied.of(Code.UNAVAILABLE, "STORE", String.valueOf(failed.getMessage())).error());
    }
  }

  private Reply message(String name, Bytes body) {
    MessageType type;
    try {
      type = MessageType.named(name);
    } catch (WireException unknown) {
      return new Reply.Unknown();
    }
    return switch (type) {
      case REQUEST -> request(body);
      case OPEN -> event(InstanceMessage.Open.class, body, (row, desk) -> Register.open(row, body));
      case SEAL_RECEIPT ->
          event(
              InstanceMessage.SealReceipt.class,
              body,
              (row, desk) -> Register.sealReceipt(row, body, desk));
      case CHECKPOINT ->
          event(
              InstanceMessage.Checkpoint.class,
              body,
              (row, desk) -> Register.checkpoint(row, body, desk));
      case GRANT_REQUEST ->
          event(InstanceMessage.GrantRequest.class, body, (row, desk) -> grant(row, body, desk));
      case READY -> event(InstanceMessage.Ready.class, body, (row, desk) -> ready(row, body, desk));
      case RENEW -> renew(body);
      case TICKET,
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
          new Reply.Unknown();
    };
  }

  /** What the register makes of a row. */
  private interface Event {
    Decision decide(Row row, Desk desk);
  }

  private <M extends InstanceMessage> Reply event(Class<M> record, Bytes body, Event event) {
    M message = Signed.peek(record, body);
    Head head = message.head();
    AnswerKey key =
        new AnswerKey(
            head.lineage(), head.opId(), message.type().wireName(), payloadDigest(record, body));
    Optional<Bytes> before = ledger.store().answer(key);
    if (before.isPresent()) {
      return Stored.reply(before.get());
    }
    Held held = require(head.lineage());
    unblocked(held.row());
    witness(held, message);
    Accepted accepted = accepted(event.decide(held.row(), desk(held.row())));
    Bytes answer = accepted.answer().map(Stored::answer).orElse(Stored.nothing());
    commit(held, accepted, key, answer, new HashMap<>());
    return Stored.reply(answer);
  }

  private static <M extends Message> Bytes payloadDigest(Class<M> record, Bytes body) {
    int most = record == InstanceMessage.GrantRequest.class ? Limits.GRANT_REQUEST : Limits.MESSAGE;
    return Cose.parse(body, most).payload().sha256();
  }

  private Reply request(Bytes body) {
    Request request = Signed.peek(Request.class, body);
    Head head = request.head();
    Bytes digest = payloadDigest(Request.class, body);
    AnswerKey key = new AnswerKey(head.lineage(), head.opId(), "request", digest);
    Optional<Bytes> before = ledger.store().answer(key);
    if (before.isPresent()) {
      return Stored.reply(before.get());
    }
    AnswerKey used = new AnswerKey(head.lineage(), head.opId(), "op", ZERO32);
    Denied.unless(
        ledger.store().answer(used).isEmpty(),
        Code.OP_CONFLICT,
        "OP_CONFLICT",
        "another request had op_id " + head.opId());
    Optional<Held> held = ledger.row(head.lineage());
    Ask ask = request.decodeAsk();
    Accepted accepted = held.isPresent() ? decide(held.get(), ask, body) : birth(ask, body);
    Map<AnswerKey, Bytes> kept = new HashMap<>();
    kept.put(used, digest);
    Row next = accepted.row();
    if (ask.kind() == Kind.POLICY) {
      policyMs.put(next.lineage(), setup.clocks().monotonicMs());
    }
    // The status of a row is known before it is committed: a repeat gives the same bytes.
    Bytes answer = Stored.answer(accepted.answer().orElseGet(() -> statusOf(next)));
    commit(held.orElse(new Held(next, 0)), accepted, key, answer, kept);
    return Stored.reply(answer);
  }

  private Accepted birth(Ask ask, Bytes body) {
    Accepted born = accepted(Register.birth(body, setup.operators()));
    emulatedOnlyInDemo(born.row().policy());
    Denied.unless(
        ledger.store().lineageNamed(born.row().policy().name()).isEmpty(),
        Code.POLICY_REFUSED,
        "NAME",
        "another lineage is called "
            + born.row().policy().name()
            + ", not "
            + ask.head().lineage());
    return born;
  }

  private Accepted decide(Held held, Ask ask, Bytes body) {
    Row row = held.row();
    if (ask.kind() != Kind.CLOSE) {
      unblocked(row);
    }
    Optional<EvidenceJudge.Verdict> active =
        ask.kind() == Kind.RESEAL
            ? row.incumbent().flatMap(each -> assessment.again(row, each.identity().instanceId()))
            : Optional.empty();
    Accepted accepted = accepted(Register.request(row, body, desk(row), active));
    emulatedOnlyInDemo(accepted.row().policy());
    return accepted;
  }

  private void emulatedOnlyInDemo(Policy policy) {
    Denied.unless(
        setup.env() == Essentials.Env.DEMO || !policy.demo(),
        Code.PLATFORM_REFUSED,
        "emulated-root",
        "this authority is of env prod: it serves no emulated platform");
  }

  private Decision grant(Row row, Bytes body, Desk desk) {
    InstanceMessage.GrantRequest request = Signed.peek(InstanceMessage.GrantRequest.class, body);
    Bytes nonce = Claims.decode(request.claims()).nonce();
    boolean fresh =
        challenges.has(nonce, row.lineage(), request.head().opId(), setup.clocks().monotonicMs());
    Decision decision =
        Register.grant(row, body, desk, assessment.judge(row, request.evidence()), fresh);
    if (decision instanceof Accepted) {
      challenges.use(nonce); // a message that is refused takes nobody's nonce
    }
    return decision;
  }

  private Decision ready(Row row, Bytes body, Desk desk) {
    InstanceMessage.Ready peeked = Signed.peek(InstanceMessage.Ready.class, body);
    steady(row);
    return Register.ready(row, body, desk, assessment.again(row, peeked.instanceId()));
  }

  private Reply renew(Bytes body) {
    InstanceMessage.Renew message = Signed.peek(InstanceMessage.Renew.class, body);
    Held held = require(message.head().lineage());
    unblocked(held.row());
    witness(held, message);
    steady(held.row());
    Accepted accepted = accepted(Register.renew(held.row(), body, desk(held.row())));
    ledger.commit(held.version(), accepted, Map.of(), setup.clocks().wallMs());
    issuedMs.put(held.row().lineage(), setup.clocks().monotonicMs());
    return new Reply.Answer(accepted.answer().orElseThrow());
  }

  private Reply onlinePassport(Bytes body) {
    Fields in = Fields.ofArray(body, "passport call");
    Row row = require(in.bytes(0, 16)).row();
    Bytes nonce = in.end(in.bytes(1, 32));
    unblocked(row);
    steady(row);
    Row.Incumbent incumbent =
        switch (row.state()) {
          case Row.State.Active(var active) -> active;
          case Row.State.Prepared(var active, _) -> active;
          case Row.State.Empty(), Row.State.Sealed _, Row.State.Closed _ ->
              throw Register.wrongState(row, "passport");
        };
    boolean given =
        rate.take(row.lineage(), row.policy().dials().nonceRate(), setup.clocks().monotonicMs());
    return new Reply.Answer(
        given
            ? new Passports(desk(row)).online(row, incumbent, nonce)
            : row.lease().passport().orElseThrow());
  }

  private Reply challenge(Bytes body) {
    Fields in = Fields.ofArray(body, "challenge call");
    Row row = require(in.bytes(0, 16)).row();
    Bytes opId = in.end(in.bytes(1, 16));
    unblocked(row);
    Operation operation = row.operation().orElseThrow(() -> Register.wrongState(row, "challenge"));
    Denied.unless(
        operation.opId().equals(opId),
        Code.FENCED,
        "OTHER_OPERATION",
        "the operation in flight is " + operation.opId());
    Bytes nonce = setup.randomness().bytes(32);
    challenges.give(nonce, row.lineage(), opId, setup.clocks().monotonicMs());
    Head head = new Head(row.lineage(), opId, operation.fence(), row.epoch());
    return new Reply.Answer(
        Signed.sign(new Challenge(head, nonce, ledger.logHead()), signer).cose());
  }

  private Reply named(String name) {
    Bytes lineage =
        ledger
            .store()
            .lineageNamed(name)
            .orElseThrow(() ->
                Denied.of(
                    Code.LINEAGE_MISMATCH,
                    "UNKNOWN_LINEAGE",
                    "no lineage is called '" + name + "'"));
    return status(require(lineage).row());
  }

  private Reply status(Row row) {
    quarantined(row.lineage());
    closing(row);
    return new Reply.Answer(statusOf(row));
  }

  private Bytes statusOf(Row row) {
    long wait = new Passports(desk(row)).waitMs(row);
    return StatusReport.of(row, ledger.logHead(), wait).encode();
  }

  private Reply kept(String type, Bytes lineage, Bytes opId) {
    return ledger
        .store()
        .answer(new AnswerKey(lineage, opId, type, ZERO32))
        .map(Stored::reply)
        .orElseThrow(() ->
            Denied.of(Code.WRONG_STATE, "NO_SUCH_ANSWER", "operation " + opId + " has no " + type));
  }

  private Held require(Bytes lineage) {
    return ledger
        .row(lineage)
        .orElseThrow(() ->
            Denied.of(
                Code.LINEAGE_MISMATCH,
                "UNKNOWN_LINEAGE",
                "no lineage " + lineage + ": reseal authority policy apply FILE makes one"));
  }

  private Desk desk(Row row) {
    long now = setup.clocks().monotonicMs();
    Moment moment =
        new Moment(
            setup.clocks().wallMs(),
            now - issuedMs.getOrDefault(row.lineage(), startedMs),
            now - policyMs.getOrDefault(row.lineage(), startedMs));
    return new Desk(signer, setup.randomness(), ledger::key, ledger.logHead(), moment);
  }

  private static Accepted accepted(Decision decision) {
    return switch (decision) {
      case Accepted accepted -> accepted;
      case Decision.Refused(WireError error) -> throw Denied.of(error);
    };
  }

  private void commit(
      Held held, Accepted accepted, AnswerKey key, Bytes answer, Map<AnswerKey, Bytes> kept) {
    kept.put(key, answer);
    ledger.index(key.lineage(), key, accepted.carries(), kept);
    boolean issues = accepted.row().epoch() > held.row().epoch();
    ledger.commit(held.version(), accepted, kept, setup.clocks().wallMs());
    if (issues) {
      issuedMs.put(key.lineage(), setup.clocks().monotonicMs());
    }
    eraseDestroying(accepted.row());
  }

  /** Steps 2 and 3 of a retire; a closed lineage keeps its keys until no passport can be valid. */
  private void eraseDestroying(Row row) {
    if (row.keys().destroying().isEmpty()) {
      return;
    }
    if (row.state() instanceof Row.State.Closed(long until) && setup.clocks().wallMs() <= until) {
      return;
    }
    row.keys().destroying().forEach(ledger.keys()::destroy);
    Held now = require(row.lineage());
    ledger.commit(now.version(), Register.destroyed(now.row()), Map.of(), setup.clocks().wallMs());
  }

  private void closing(Row row) {
    if (row.state() instanceof Row.State.Closed) {
      eraseDestroying(row);
    }
  }

  private void unblocked(Row row) {
    quarantined(row.lineage());
    String lacking = blocked.get(row.lineage());
    if (lacking != null) {
      throw Denied.of(Code.KEY_DESTROYED, "KEY_MISSING", lacking + "; only close is left");
    }
  }

  /** A wall clock that stepped against suspend-aware time issues nothing (protocol 14.3). */
  private void steady(Row row) {
    long step = setup.clocks().wallMs() - setup.clocks().uptimeMs() - stepBaseMs;
    Denied.unless(
        Math.abs(step) <= row.policy().dials().skewMs(),
        Code.UNAVAILABLE,
        "CLOCK_STEP",
        "the wall clock stepped by "
            + step
            + " ms since this authority started: confirm it by starting the authority again");
  }

  private void witness(Held held, InstanceMessage message) {
    Optional<Bytes> head =
        switch (message) {
          case InstanceMessage.Renew renew -> renew.logHead();
          case InstanceMessage.SealReceipt receipt -> Core.decode(receipt.core()).logHead();
          case InstanceMessage.Checkpoint checkpoint -> Core.decode(checkpoint.core()).logHead();
          case InstanceMessage.Open _, InstanceMessage.GrantRequest _, InstanceMessage.Ready _ ->
              Optional.empty();
        };
    if (head.isPresent() && Witness.accuses(head.get(), signer.verifyKey(), ledger.tail())) {
      ledger
          .store()
          .commit(
              new Store.Change(
                  held.row().lineage(),
                  held.row().policy().name(),
                  held.version(),
                  Ledger.encode(held.row()),
                  List.of(),
                  Map.of(quarantine(), head.get()),
                  List.of()));
      quarantined(held.row().lineage());
    }
  }

  private static AnswerKey quarantine() {
    return new AnswerKey(ZERO16, ZERO16, "quarantine", ZERO32);
  }

  private void quarantined(Bytes lineage) {
    Denied.unless(
        ledger.store().answer(quarantine()).isEmpty(),
        Code.QUARANTINED,
        "QUARANTINED",
        "somebody remembers a log head that this register does not have; lineage "
            + lineage
            + " waits for the newer register");
  }

  private static Bytes hex(String text, int size) {
    if (!text.matches("[0-9a-f]{" + 2 * size + "}")) {
      throw Denied.of(Code.CORRUPT, "PATH", "'" + text + "' is not " + size + " bytes in hex");
    }
    return Bytes.hex(text);
  }
}
