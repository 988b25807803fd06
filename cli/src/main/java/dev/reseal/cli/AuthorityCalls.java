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
    return switch (authority.statusBytes(lineage)) {
      case Authority.Reply.Answer(Bytes body) -> Optional.of(Status.decode(body));
      case Authority.Reply.Refused(WireError error) when error.code() == Code.LINEAGE_MISMATCH ->
          Optional.empty();
      case Authority.Reply.Refused(WireError error) -> throw refused(error);
      case Authority.Reply.Silent(String detail) -> throw silent(detail);
    };
  }

  private static Refused silent(String detail) {
    return new Refused("AUTHORITY_UNREACHABLE", detail, "reseal authority start");
  }

  static Refused refused(WireError error) {
    Denial denial = Denial.of(error);
    return new Refused(ExitCode.of(denial), denial.cause());
  }
}
