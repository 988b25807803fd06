package dev.reseal.authority;

import dev.reseal.authority.Decision.Accepted;
import dev.reseal.authority.Row.Incumbent;
import dev.reseal.authority.Row.State;
import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException;
import dev.reseal.wire.Code;
import dev.reseal.wire.InstanceMessage;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.InstanceMessage.GrantRequest;
import dev.reseal.wire.InstanceMessage.Open;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.Renew;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.Signed;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireError;
import dev.reseal.wire.WireException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The register of protocol 7 as pure decisions: a row and an event give a decision or a refusal
 * that names its rule. Clocks, keys, randomness and judged evidence are arguments.
 */
public final class Register {
  private Register() {}

  /** The birth of a lineage: a policy file signed by an operator of the authority. */
  public static Decision birth(Bytes message, List<VerifyKey> operators) {
    return deciding(() -> Requests.birth(message, operators));
  }

  /** A request of an operator or a supervisor; {@code active} is the incumbent's evidence now. */
  public static Decision request(
      Row row, Bytes message, Desk desk, Optional<EvidenceJudge.Verdict> active) {
    return deciding(() -> new Requests(row, desk).decide(message, active));
  }

  /** Evidence of a candidate; {@code fresh} is whether its nonce was given out and not yet used. */
  public static Decision grant(
      Row row, Bytes message, Desk desk, EvidenceJudge.Verdict verdict, boolean fresh) {
    return deciding(() -> {
      GrantRequest request = Signed.peek(GrantRequest.class, message);
      Operation operation =
          switch (row.state()) {
            case State.Sealed(_, var sealed) -> sealed;
            case State.Prepared _ ->
                throw Denied.of(Code.WRONG_STATE, "a grant before the state is registered");
            case State.Empty(), State.Active _, State.Closed _ -> throw wrongState(row, "grant");
          };
      return new Grants(row, desk).grant(operation, request, message, verdict, fresh);
    });
  }

  /** The commit; {@code verdict} is the candidate's evidence judged now. */
  public static Decision ready(
      Row row, Bytes message, Desk desk, Optional<EvidenceJudge.Verdict> verdict) {
    return deciding(() -> {
      Ready peeked = Signed.peek(Ready.class, message);
      return switch (row.state()) {
        case State.Sealed(var incumbent, var operation) ->
            new Activations(row, desk).activate(incumbent, operation, peeked, message, verdict);
        case State.Empty(), State.Active _, State.Prepared _, State.Closed _ ->
            throw wrongState(row, "ready");
      };
    });
  }

  public static Decision sealReceipt(Row row, Bytes message, Desk desk) {
    return deciding(() ->
        switch (row.state()) {
          case State.Prepared(var incumbent, var operation) ->
              new Seals(row, incumbent, desk)
                  .register(operation, signedBy(incumbent, SealReceipt.class, message));
          case State.Empty(), State.Active _, State.Sealed _, State.Closed _ ->
              throw wrongState(row, "seal-receipt");
        });
  }

  public static Decision checkpoint(Row row, Bytes message, Desk desk) {
    return deciding(() -> {
      Incumbent incumbent = serving(row, "checkpoint");
      return new Seals(row, incumbent, desk)
          .checkpoint(signedBy(incumbent, Checkpoint.class, message));
    });
  }

  /** Overlap is not offered; a valid message is refused like any other. */
  public static Decision open(Row row, Bytes message) {
    return deciding(() -> {
      Incumbent incumbent =
          switch (row.state()) {
            case State.Prepared(var prepared, _) -> prepared;
            case State.Empty(), State.Active _, State.Sealed _, State.Closed _ ->
                throw wrongState(row, "open");
          };
      signedBy(incumbent, Open.class, message);
      throw Denied.of(Code.WRONG_STATE, "NOT_OVERLAP", "the operation is a sequential one");
    });
  }

  public static Decision renew(Row row, Bytes message, Desk desk) {
    return deciding(() -> {
      Incumbent incumbent = serving(row, "renew");
      Renew renew = signedBy(incumbent, Renew.class, message).message();
      Denied.unless(
          renew.head().epoch() == row.epoch() && renew.head().fence() == incumbent.fence(),
          Code.FENCED,
          "FENCED",
          "a renewal of epoch "
              + renew.head().epoch()
              + ", fence "
              + renew.head().fence()
              + "; the row is at epoch "
              + row.epoch()
              + ", activated at fence "
              + incumbent.fence());
      Row renewed = new Passports(desk).renew(row, incumbent, renew);
      return new Accepted(
          renewed,
          Optional.empty(),
          renewed.lease().passport(),
          List.of(),
          List.of(),
          List.of(),
          List.of());
    });
  }

  /** A retire's second half: the keys are gone from every replica. */
  static Accepted destroyed(Row row) {
    return Retirement.destroyed(row);
  }

  private static Incumbent serving(Row row, String what) {
    return switch (row.state()) {
      case State.Active(var incumbent) -> incumbent;
      case State.Prepared(var incumbent, _) -> incumbent;
      case State.Empty(), State.Sealed _, State.Closed _ -> throw wrongState(row, what);
    };
  }

  private static <M extends InstanceMessage> Signed<M> signedBy(
      Incumbent incumbent, Class<M> record, Bytes message) {
    return Signed.verify(record, message, incumbent.identity().signatureKey());
  }

  static Denied wrongState(Row row, String what) {
    return Denied.of(Code.WRONG_STATE, what + " is not allowed in " + row.stateName());
  }

  private static Decision deciding(Supplier<Accepted> event) {
    try {
      return event.get();
    } catch (Denied denied) {
      return new Decision.Refused(denied.error());
    } catch (ContainerException refused) {
      return new Decision.Refused(Denied.of(refused).error());
    } catch (WireException refused) {
      return new Decision.Refused(WireError.of(refused));
    }
  }
}
