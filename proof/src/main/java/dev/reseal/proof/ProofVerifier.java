package dev.reseal.proof;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.wire.Ask;
import dev.reseal.wire.AuthorityMessage.Retired;
import dev.reseal.wire.AuthorityMessage.Ticket;
import dev.reseal.wire.Claims;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Limits;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.LogMessage;
import dev.reseal.wire.Message;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Supplier;

/**
 * Verifies the file {@code [proof_file, proof]} offline (protocol 24). The authority's key and the
 * platform roots come from outside, never from the file.
 */
public final class ProofVerifier {
  /** No proof is larger. */
  public static final int MOST = 16 << 20;

  private final VerifyKey authority;
  private final QuoteCheck quotes;

  public ProofVerifier(VerifyKey authority, TrustAnchors roots) {
    this.authority = authority;
    this.quotes = new QuoteCheck(roots);
  }

  public Finding verify(Bytes content) {
    try {
      return proven(content);
    } catch (Fault fault) {
      return fault.finding();
    }
  }

  /**
   * Field 11 of a file that is not verified here; {@link WireException} if it is no proof at all.
   */
  public static SortedMap<Long, Long> reported(Bytes content) {
    Fields both = Fields.ofArray(content, "proof");
    return ProofFile.decode(both.blob(0, MOST)).phaseTimes();
  }

  private Finding proven(Bytes content) {
    Bytes[] parts =
        in(
            "file",
            () -> {
              Fields both = Fields.ofArray(content, "proof");
              return both.end(new Bytes[] {both.blob(0, MOST), both.blob(1, Limits.MESSAGE)});
            });
    Bytes named = in("proof", () -> Signed.peek(LogMessage.Proof.class, parts[1])).fileDigest();
    Fault.unless(
        named.equals(parts[0].sha256()), "proof_file", "is not the file that the authority signed");
    LogMessage.Proof proof = signed("proof", LogMessage.Proof.class, parts[1]);
    ProofFile file = in("proof_file", () -> ProofFile.decode(parts[0]));
    Head head = proof.head();
    Ask ask = request(file, head);
    Passport passport = signed("passport", Passport.class, file.passport());
    same("passport", head, passport.head());
    LogExcerpt log = in("log", () -> LogExcerpt.check(file.log(), authority));
    LogEvent begun = log.only(opening(ask.kind()), head.opId());
    Fault.unless(
        begun.cause().equals(file.request().sha256()), "request", "is not the one in the log");
    Bytes body = body(file, ask, head, log);
    LogEvent committed = committed(log, head, passport, body);
    essentials(file, head, passport);
    QuoteCheck.Quoted after = successor(file, head, passport);
    Optional<QuoteCheck.Quoted> before = predecessor(file, passport, begun);
    receipt(file, head, before, log);
    Optional<Retired> retired = retired(file, head, log);
    return new Finding.Proven(
        head.lineage(),
        head.opId(),
        ask.kind(),
        committed.operation().epoch(),
        head.fence(),
        passport.gen(),
        body,
        before.map(QuoteCheck.Quoted::mrenclave),
        after.mrenclave(),
        passport.instanceId(),
        passport.platformKind(),
        after.platformId(),
        passport.notBefore(),
        retired.map(Retired::wrapIds).orElse(List.of()),
        retired.map(Retired::gens).orElse(List.of()),
        file.phaseTimes());
  }

  /** The request's signer is known to the authority only; the log names the request by digest. */
  private static Ask request(ProofFile file, Head head) {
    Request request = in("request", () -> Signed.peek(Request.class, file.request()));
    Ask ask = in("request", request::decodeAsk);
    Fault.unless(
        ask.head().lineage().equals(head.lineage()) && ask.head().opId().equals(head.opId()),
        "request",
        "asks for another operation");
    Fault.unless(
        ask.head().fence() + 1 == head.fence() && ask.head().epoch() + 1 == head.epoch(),
        "request",
        "was made at another fence or epoch");
    return ask;
  }

  private static String opening(Kind kind) {
    return switch (kind) {
      case GENESIS -> "begin";
      case RESEAL, UPGRADE, MIGRATE -> "prepare";
      case TAKEOVER, RECOVER -> "takeover";
      case REKEY, ABORT, RETIRE, CLOSE, POLICY ->
          throw new Fault("request", "a " + kind.wireName() + " activates nobody");
    };
  }

  /** The body that was registered for this operation, and hence the one to be activated. */
  private static Bytes body(ProofFile file, Ask ask, Head head, LogExcerpt log) {
    if (ask.kind() == Kind.GENESIS || ask.kind() == Kind.TAKEOVER) {
      Fault.unless(file.receipt().isEmpty(), "seal-receipt", "in a " + ask.kind().wireName());
      Fault.unless(file.ticket().isEmpty(), "ticket", "in a " + ask.kind().wireName());
      return log.only("activate", head.opId())
          .bodyId()
          .orElseThrow(() -> new Fault("log", "an activation without a body"));
    }
    Bytes receipt = file.receipt().orElseThrow(() -> new Fault("seal-receipt", "is missing"));
    LogEvent registered = log.only("register-seal", head.opId());
    Fault.unless(
        registered.cause().equals(receipt.sha256()), "seal-receipt", "is not the one in the log");
    return registered.bodyId().orElseThrow(() -> new Fault("log", "a registration without a body"));
  }

  private static LogEvent committed(LogExcerpt log, Head head, Passport passport, Bytes body) {
    LogEvent event = log.only("activate", head.opId());
    Fault.unless(event.operation().equals(head), "log", "the activation is of another operation");
    Fault.unless(
        event.bodyId().equals(Optional.of(body)),
        "log",
        "another body was activated than registered");
    Fault.unless(
        event.instanceId().equals(Optional.of(passport.instanceId()))
            && event.gen() == passport.gen(),
        "passport",
        "is not of the instance that was activated");
    return event;
  }

  private static void essentials(ProofFile file, Head head, Passport passport) {
    Essentials essentials = in("essentials", () -> Essentials.decode(file.essentials()));
    Fault.unless(essentials.lineage().equals(head.lineage()), "essentials", "of another lineage");
    boolean demo = essentials.env() == Essentials.Env.DEMO;
    Fault.unless(
        demo == ((passport.flags() & Passport.FLAG_DEMO_POLICY) != 0),
        "essentials",
        "env is not what the passport says");
  }

  private QuoteCheck.Quoted successor(ProofFile file, Head head, Passport passport) {
    QuoteCheck.Quoted quoted =
        quotes.check(file.evidence().getLast(), file.collateral().getFirst(), at(passport));
    Claims claims = quoted.claims();
    Fault.unless(
        claims.lineage().equals(head.lineage())
            && claims.opId().equals(head.opId())
            && claims.fence() == head.fence(),
        "evidence",
        "of the successor is for another operation");
    Fault.unless(
        claims.instanceId().equals(passport.instanceId())
            && claims.signatureKey().equals(passport.instanceKey())
            && claims.tlsKey().spki().sha256().equals(passport.tlsKeyDigest())
            && quoted.mrenclave().equals(passport.mrenclave())
            && quoted.platformKind() == passport.platformKind(),
        "passport",
        "is not of the instance in the evidence");
    return quoted;
  }

  private Optional<QuoteCheck.Quoted> predecessor(
      ProofFile file, Passport passport, LogEvent begun) {
    if (begun.instanceId().isEmpty()) {
      Fault.unless(file.evidence().size() == 1, "evidence", "of two instances in a genesis");
      return Optional.empty();
    }
    Fault.unless(file.evidence().size() == 2, "evidence", "of the old instance is missing");
    QuoteCheck.Quoted quoted =
        quotes.check(file.evidence().getFirst(), file.collateral().getFirst(), at(passport));
    Fault.unless(
        begun.instanceId().equals(Optional.of(quoted.claims().instanceId()))
            && quoted.claims().lineage().equals(passport.head().lineage()),
        "evidence",
        "of the old instance is of another one");
    return Optional.of(quoted);
  }

  private static Instant at(Passport passport) {
    return Instant.ofEpochMilli(passport.notBefore());
  }

  private void receipt(
      ProofFile file, Head head, Optional<QuoteCheck.Quoted> before, LogExcerpt log) {
    if (file.receipt().isEmpty()) {
      return;
    }
    Claims old =
        before.orElseThrow(() -> new Fault("evidence", "of the sealer is missing")).claims();
    Bytes signedTicket = file.ticket().orElseThrow(() -> new Fault("ticket", "is missing"));
    Bytes signedReceipt = file.receipt().orElseThrow(() -> new Fault("seal-receipt", "is missing"));
    Ticket ticket = signed("ticket", Ticket.class, signedTicket);
    Fault.unless(
        operation(ticket.head(), head) && ticket.instanceId().equals(old.instanceId()),
        "ticket",
        "is for another operation or instance");
    SealReceipt receipt =
        in(
            "seal-receipt",
            () -> Signed.verify(SealReceipt.class, signedReceipt, old.signatureKey()).message());
    Fault.unless(
        operation(receipt.head(), head) && receipt.ticketDigest().equals(signedTicket.sha256()),
        "seal-receipt",
        "was signed for another operation");
    Bytes body = Digests.body(receipt.core(), receipt.footer());
    Fault.unless(
        log.only("activate", head.opId()).bodyId().equals(Optional.of(body)),
        "seal-receipt",
        "seals another body than was activated");
  }

  /** Lineage, op_id and fence; the epoch is still the one before. */
  private static boolean operation(Head found, Head head) {
    return found.lineage().equals(head.lineage())
        && found.opId().equals(head.opId())
        && found.fence() == head.fence()
        && found.epoch() + 1 == head.epoch();
  }

  private Optional<Retired> retired(ProofFile file, Head head, LogExcerpt log) {
    if (file.retired().isEmpty()) {
      return Optional.empty();
    }
    Retired retired = signed("retired", Retired.class, file.retired().get());
    LogEvent event = log.only("retire", retired.head().opId());
    Fault.unless(
        retired.head().lineage().equals(head.lineage())
            && retired.head().equals(event.operation())
            && event.wrapIds().equals(retired.wrapIds())
            && event.gens().equals(retired.gens()),
        "retired",
        "is not what the log says");
    return Optional.of(retired);
  }

  private static void same(String field, Head head, Head found) {
    Fault.unless(found.equals(head), field, "is of another operation than the proof");
  }

  private <M extends Message> M signed(String field, Class<M> record, Bytes message) {
    return in(field, () -> Signed.verify(record, message, authority).message());
  }

  private static <T> T in(String field, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (WireException refused) {
      throw new Fault(field, String.valueOf(refused.getMessage()));
    }
  }
}
