package dev.reseal.authority;

import dev.reseal.authority.Decision.Accepted;
import dev.reseal.authority.Ledger.Held;
import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Claims;
import dev.reseal.wire.Code;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Essentials;
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
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The authority behind its calls (transport T5): one event at a time, each durable and anchored
 * before it is answered, each answer kept and repeated byte for byte (protocol 6.3).
 */
public final class AuthorityService implements Endpoint {
  private static final Bytes ZERO32 = Bytes.zeros(32);

  private final Ledger ledger;
  private final SigningKey signer;
  private final Setup setup;
  private final Watch watch;
  private final Barriers barriers;
  private final Inquiries inquiries;
  private final Assessment assessment;
  private final Challenges challenges;

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
    this.challenges = new Challenges(setup.randomness());
    this.ledger = new Ledger(store, anchor, keys, signer);
    this.assessment = new Assessment(store, setup.judge(), setup.clocks());
    StartUp.Found found = new StartUp(ledger, signer.verifyKey()).check(setup.env());
    this.watch = new Watch(setup.clocks());
    this.barriers = new Barriers(ledger, signer.verifyKey(), found.blocked());
    this.inquiries = new Inquiries(ledger, signer, setup.randomness(), watch, barriers, challenges);
    found.rows().forEach(row -> ledger.erase(row, watch.wallMs()));
  }

  /** Lineages that lack a key, with what is missing: only Close is left for them. */
  public synchronized Map<Bytes, String> alarms() {
    return barriers.alarms();
  }

  /**
   * Erases the keys of closed lineages whose last passport has ended; to be called now and then.
   */
  public synchronized void eraseClosed() {
    ledger.settle();
    for (Bytes lineage : ledger.store().lineages()) {
      Row row = ledger.require(lineage).row();
      if (row.state() instanceof Row.State.Closed) {
        ledger.erase(row, watch.wallMs());
      }
    }
  }

  @Override
  public synchronized Reply post(String name, Bytes body) {
    return answering(() -> {
      ledger.settle();
      return switch (name) {
        case "challenge" -> inquiries.challenge(body);
        case "passport" -> inquiries.onlinePassport(body);
        case "key-add" -> new KeyCalls(ledger, watch.wallMs()).add(body);
        case "key-list" -> new KeyCalls(ledger, watch.wallMs()).list(body);
        case PhaseTimes.NAME -> new PhaseReports(ledger).report(body);
        default -> message(name, body);
      };
    });
  }

  @Override
  public synchronized Reply get(String path) {
    return answering(() -> {
      ledger.settle();
      return inquiries.get(path);
    });
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
    ledger.finish(head.lineage(), watch.wallMs());
    Optional<Bytes> before = ledger.store().answer(key);
    if (before.isPresent()) {
      return Stored.reply(before.get());
    }
    Held held = ledger.require(head.lineage());
    barriers.unblocked(held.row());
    barriers.witness(held, message);
    Accepted accepted = event.decide(held.row(), desk(held.row())).orThrow();
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
    ledger.finish(head.lineage(), watch.wallMs());
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
      watch.policyChanged(next.lineage());
    }
    // The status of a row is known before it is committed: a repeat gives the same bytes.
    Bytes answer = Stored.answer(accepted.answer().orElseGet(() -> inquiries.statusOf(next)));
    commit(held.orElse(new Held(next, 0)), accepted, key, answer, kept);
    return Stored.reply(answer);
  }

  private Accepted birth(Ask ask, Bytes body) {
    Accepted born = Register.birth(body, setup.operators()).orThrow();
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
      barriers.unblocked(row);
    }
    Optional<EvidenceJudge.Verdict> active =
        ask.kind() == Kind.RESEAL
            ? row.incumbent().flatMap(each -> assessment.again(row, each.identity().instanceId()))
            : Optional.empty();
    Accepted accepted = Register.request(row, body, desk(row), active).orThrow();
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
        challenges.has(nonce, row.lineage(), request.head().opId(), watch.monotonicMs());
    EvidenceJudge.Verdict verdict = assessment.judge(row, request.evidence());
    Decision decision = Register.grant(row, body, desk, verdict, fresh);
    if (decision instanceof Accepted) {
      setup.judge().granted(row.policy(), verdict, Instant.ofEpochMilli(watch.wallMs()));
      challenges.use(nonce); // a message that is refused takes nobody's nonce
    }
    return decision;
  }

  private Decision ready(Row row, Bytes body, Desk desk) {
    InstanceMessage.Ready peeked = Signed.peek(InstanceMessage.Ready.class, body);
    watch.steady(row);
    return Register.ready(row, body, desk, assessment.again(row, peeked.instanceId()));
  }

  private Reply renew(Bytes body) {
    InstanceMessage.Renew message = Signed.peek(InstanceMessage.Renew.class, body);
    Held held = ledger.require(message.head().lineage());
    barriers.unblocked(held.row());
    barriers.witness(held, message);
    watch.steady(held.row());
    Accepted accepted = Register.renew(held.row(), body, desk(held.row())).orThrow();
    watch.issued(held.row().lineage()); // a commit that fails may have been made all the same
    ledger.commit(held.version(), accepted, Map.of(), watch.wallMs());
    return new Reply.Answer(accepted.answer().orElseThrow());
  }

  private Desk desk(Row row) {
    return Desk.at(row, ledger, signer, setup.randomness(), watch);
  }

  private void commit(
      Held held, Accepted accepted, AnswerKey key, Bytes answer, Map<AnswerKey, Bytes> kept) {
    kept.put(key, answer);
    ledger.carriers().index(key.lineage(), key, accepted.carries(), kept);
    if (accepted.row().epoch() > held.row().epoch()) {
      watch.issued(key.lineage()); // before: a repeat hands out what a failed commit had stored
    }
    ledger.commit(held.version(), accepted, kept, watch.wallMs());
  }
}
