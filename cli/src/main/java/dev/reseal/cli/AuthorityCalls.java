package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Denial;
import dev.reseal.lifecycle.ExitCode;
import dev.reseal.supervisor.Authority;
import dev.reseal.wire.Code;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.util.Optional;

/** Answers of the authority as values, or as a {@link Refused} with the line that would help. */
final class AuthorityCalls {
  private AuthorityCalls() {}

  static Bytes require(Authority.Reply reply) {
    return switch (reply) {
      case Authority.Reply.Answer(Bytes body) -> body;
      case Authority.Reply.Refused(WireError error) -> throw refused(error);
      case Authority.Reply.Silent(String detail) -> throw silent(detail);
    };
  }

  /** The row of a lineage; empty if the authority has none. */
  static Optional<Status> status(Authority authority, Bytes lineage) {
    return status(authority.statusBytes(lineage));
  }

  static Optional<Status> status(Authority.Reply reply) {
    return isUnknown(reply) ? Optional.empty() : Optional.of(Status.decode(require(reply)));
  }

  /** Why it cannot say now what it knows of the lineage; empty if it has said it. */
  static Optional<String> away(Authority.Reply reply) {
    return switch (reply) {
      case Authority.Reply.Answer _ -> Optional.empty();
      case Authority.Reply.Refused(WireError error) ->
          isUnknown(reply) ? Optional.empty() : Optional.of(error.code() + ": " + error.detail());
      case Authority.Reply.Silent(String detail) -> Optional.of(detail);
    };
  }

  private static boolean isUnknown(Authority.Reply reply) {
    return reply instanceof Authority.Reply.Refused(WireError error)
        && error.code() == Code.LINEAGE_MISMATCH;
  }

  private static Refused silent(String detail) {
    return new Refused(
        "AUTHORITY_UNREACHABLE",
        detail,
        "reseal authority start; a running service goes on until its passport ends");
  }

  private static Refused refused(WireError error) {
    Denial denial = Denial.of(error);
    return new Refused(ExitCode.of(denial), denial.cause());
  }
}
