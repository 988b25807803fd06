package dev.reseal.authority;

import dev.reseal.authority.Decision.Accepted;
import dev.reseal.authority.Decision.Keep;
import dev.reseal.authority.Row.State;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Code;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.VerifyKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Requests (message 1): who may ask, about which row, and what then happens (protocol 7). */
final class Requests {
  private static final Bytes ZERO32 = Bytes.zeros(32);
  private static final String REPLACED = "POLICY_REPLACED";

  private final Row row;
  private final Desk desk;

  Requests(Row row, Desk desk) {
    this.row = row;
    this.desk = desk;
  }

  static Accepted birth(Bytes message, List<VerifyKey> operators) {
    Signed<Request> signed = Signed.verify(Request.class, message, operators);
    Ask ask = signed.message().decodeAsk();
    if (ask.kind() != Kind.POLICY) {
      throw Ledger.unknown(ask.head().lineage().toString());
    }
    Denied.unless(
        ask.head().fence() == 0 && ask.head().epoch() == 0,
        Code.FENCED,
        "FENCED",
        "a lineage is born at fence 0 and epoch 0");
    Ask.Extra.PolicyFile file = file(ask);
    Denied.unless(
        file.replaces().isEmpty(),
        Code.FENCED,
        REPLACED,
        "asked to replace a policy; the lineage has none yet");
    Row born = Row.born(policy(file.content(), ask.head().lineage()), file.content());
    return Accepted.of(born, event("policy", born, ask, signed));
  }

  Accepted decide(Bytes message, Optional<EvidenceJudge.Verdict> active) {
    Authorisation authorisation = Authorisation.of(row.policy(), message);
    Signed<Request> signed = authorisation.signed();
    Ask ask = authorisation.ask();
    if (row.state() instanceof State.Closed) {
      throw Register.wrongState(row, ask.kind().wireName());
    }
    Denied.unless(
        ask.head().fence() == row.fence() && ask.head().epoch() == row.epoch(),
        Code.FENCED,
        "FENCED",
        "asked at fence "
            + ask.head().fence()
            + ", epoch "
            + ask.head().epoch()
            + "; the row is at fence "
            + row.fence()
            + ", epoch "
            + row.epoch());
    Operations operations = new Operations(row, desk, ask, signed);
    Accepted accepted =
        switch (ask.kind()) {
          case POLICY -> policy(authorisation);
          case GENESIS -> operations.genesis();
          case RESEAL -> operations.reseal(active);
          case TAKEOVER -> operations.takeover(authorisation.approvers());
          case REKEY -> operations.rekey();
          case ABORT -> operations.abort();
          case RETIRE -> new Retirement(row, desk).retire(ask, signed);
          case CLOSE -> close(ask, signed);
          case UPGRADE, MIGRATE, RECOVER -> throw notYet(ask.kind().wireName());
        };
    return accepted.keeping(
        new Keep(ask.head().opId(), "exhibit-request", ZERO32, message, List.of()));
  }

  static Denied notYet(String what) {
    return Denied.of(
        Code.POLICY_REFUSED, "NOT_IN_THIS_VERSION", what + " is not offered by this version");
  }

  private Accepted policy(Authorisation authorisation) {
    Ask ask = authorisation.ask();
    Ask.Extra.PolicyFile file = file(ask);
    replaces(file);
    Policy newer = policy(file.content(), row.lineage());
    Denied.unless(
        newer.essentials().env() == row.policy().essentials().env(),
        Code.POLICY_REFUSED,
        "ENV",
        "env of a lineage never changes");
    Denied.unless(
        newer.name().equals(row.policy().name()),
        Code.POLICY_REFUSED,
        "NAME",
        "the name of a lineage never changes: it is " + row.policy().name());
    Denied.unless(
        row.head().isEmpty() || row.policy().sealsAs(newer),
        Code.POLICY_REFUSED,
        "SEALED_UNDER",
        "binding, attribute_mask and misc_mask are in the slots of the sealed state, which no"
            + " successor under others could open");
    if (row.policy().guards(newer)) {
      guarded(authorisation);
    }
    Row next = row.withPolicy(newer, file.content());
    return Accepted.of(next, event("policy", next, ask, authorisation.signed()));
  }

  /** Else a request that was signed before another change of policy, and kept, would undo it. */
  private void replaces(Ask.Extra.PolicyFile file) {
    Bytes inForce = row.policyFile().sha256();
    Denied.unless(
        file.replaces().equals(Optional.of(inForce)),
        Code.FENCED,
        REPLACED,
        "asked to replace the policy file of SHA-256 "
            + file.replaces().map(Bytes::toHex).orElse("none")
            + "; in force is that of "
            + inForce.toHex());
  }

  /** Else whoever may change the policy could strike the approvals that an upgrade needs. */
  private void guarded(Authorisation authorisation) {
    if (!row.policy().approvals().containsKey(Kind.POLICY)) {
      for (Kind each : row.policy().approvals().keySet()) {
        Authorisation.approved(row.policy(), each, Kind.POLICY, authorisation.approvers());
      }
    }
  }

  private Accepted close(Ask ask, Signed<Request> signed) {
    long until = row.lease().untilMs() + row.policy().dials().skewMs();
    Keys keys = row.keys();
    List<String> destroying = new ArrayList<>(keys.names(row.lineage()));
    destroying.addAll(keys.destroying());
    Row closed =
        row.with(new State.Closed(until))
            .withKeys(new Keys(List.of(), List.of(), destroying))
            .withLast(Kind.CLOSE, ask.head().opId());
    return Accepted.of(closed, event("close", closed, ask, signed)).revoking(destroying);
  }

  private static Ask.Extra.PolicyFile file(Ask ask) {
    return switch (ask.extra()) {
      case Ask.Extra.PolicyFile file -> file;
      case Ask.Extra.None _, Ask.Extra.Keys _ ->
          throw Denied.of(Code.CORRUPT, "FIELD", "a policy request without its file");
    };
  }

  private static Policy policy(Bytes file, Bytes lineage) {
    try {
      return PolicyFile.parse(file, lineage);
    } catch (PolicyException refused) {
      throw Denied.of(Code.POLICY_REFUSED, "POLICY", String.valueOf(refused.getMessage()));
    }
  }

  static LogEvent event(String name, Row next, Ask ask, Signed<Request> signed) {
    return new LogEvent(
        name,
        new Head(next.lineage(), ask.head().opId(), next.fence(), next.epoch()),
        next.gen(),
        next.stateName(),
        signed.digest(),
        Optional.empty(),
        next.incumbent().map(each -> each.identity().instanceId()),
        List.of(),
        List.of());
  }
}
