package dev.reseal.authority;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.AuthorityMessage.Challenge;
import dev.reseal.wire.Code;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;

/**
 * Calls that change nothing in the register: status, stored answers, challenges, online passports.
 */
final class Inquiries {
  private static final Bytes ZERO32 = Bytes.zeros(32);

  private final Ledger ledger;
  private final SigningKey signer;
  private final Randomness randomness;
  private final Watch watch;
  private final Barriers barriers;
  private final Challenges challenges;
  private final NonceRate rate = new NonceRate();

  Inquiries(
      Ledger ledger,
      SigningKey signer,
      Randomness randomness,
      Watch watch,
      Barriers barriers,
      Challenges challenges) {
    this.ledger = ledger;
    this.signer = signer;
    this.randomness = randomness;
    this.watch = watch;
    this.barriers = barriers;
    this.challenges = challenges;
  }

  Reply get(String path) {
    String[] parts = path.split("/", -1);
    return switch (parts.length) {
      case 2 -> lookup(parts[0], parts[1]);
      case 3 -> lookup(parts[0], hex(parts[1], 16), hex(parts[2], 16));
      default -> new Reply.Unknown();
    };
  }

  private Reply lookup(String what, String which) {
    return switch (what) {
      case "status" -> status(ledger.require(hex(which, 16)).row());
      case "named" -> named(which);
      default -> new Reply.Unknown();
    };
  }

  private Reply lookup(String what, Bytes lineage, Bytes opId) {
    ledger.finish(lineage, watch.wallMs());
    return switch (what) {
      case "activation", "abort" -> kept(what, lineage, opId);
      case "proof" ->
          new Reply.Answer(
              new ProofAssembly(ledger, signer).assemble(ledger.require(lineage).row(), opId));
      default -> new Reply.Unknown();
    };
  }

  Reply onlinePassport(Bytes body) {
    Fields in = Fields.ofArray(body, "passport call");
    Row row = ledger.require(in.bytes(0, 16)).row();
    Bytes nonce = in.end(in.bytes(1, 32));
    barriers.unblocked(row);
    watch.steady(row);
    Row.Incumbent incumbent =
        switch (row.state()) {
          case Row.State.Active(var active) -> active;
          case Row.State.Prepared(var active, _) -> active;
          case Row.State.Empty(), Row.State.Sealed _, Row.State.Closed _ ->
              throw Register.wrongState(row, "passport");
        };
    boolean given = rate.take(row.lineage(), row.policy().dials().nonceRate(), watch.monotonicMs());
    return new Reply.Answer(
        given
            ? new Passports(desk(row)).online(row, incumbent, nonce)
            : row.lease().passport().orElseThrow());
  }

  Reply challenge(Bytes body) {
    Fields in = Fields.ofArray(body, "challenge call");
    Row row = ledger.require(in.bytes(0, 16)).row();
    Bytes opId = in.end(in.bytes(1, 16));
    barriers.unblocked(row);
    Operation operation = row.operation().orElseThrow(() -> Register.wrongState(row, "challenge"));
    Denied.unless(
        operation.opId().equals(opId),
        Code.FENCED,
        "OTHER_OPERATION",
        "the operation in flight is " + operation.opId());
    Bytes nonce = challenges.give(row.lineage(), opId, watch.monotonicMs());
    return new Reply.Answer(
        Signed.sign(new Challenge(row.about(operation), nonce, ledger.logHead()), signer).cose());
  }

  private Reply named(String name) {
    Bytes lineage =
        ledger.store().lineageNamed(name).orElseThrow(() -> Ledger.unknown("'" + name + "'"));
    return status(ledger.require(lineage).row());
  }

  private Reply status(Row row) {
    barriers.quarantined(row.lineage());
    return new Reply.Answer(statusOf(row));
  }

  Bytes statusOf(Row row) {
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

  private Desk desk(Row row) {
    return Desk.at(row, ledger, signer, randomness, watch);
  }

  private static Bytes hex(String text, int size) {
    boolean hex = text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    if (!hex || text.length() != 2 * size) {
      throw Denied.of(Code.CORRUPT, "PATH", "'" + text + "' is not " + size + " bytes in hex");
    }
    return Bytes.hex(text);
  }
}
