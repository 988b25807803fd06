package dev.reseal.cli;

import dev.reseal.supervisor.Authority;
import dev.reseal.supervisor.ControlClient;
import dev.reseal.wire.Code;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.io.IOException;

/** What every service verb asks first, with the words for when the answer is no. */
final class Services {
  private Services() {}

  static Status status(HomeOption home, String name) throws IOException {
    home.lineage(name);
    return status(home.authority(), name);
  }

  static Status status(Authority authority, String name) {
    return switch (authority.named(name)) {
      case Authority.Reply.Answer(var body) -> Status.decode(body);
      case Authority.Reply.Refused(WireError error) -> throw refused(name, error);
      case Authority.Reply.Silent(String detail) ->
          throw new Refused(
              "AUTHORITY_UNREACHABLE",
              detail,
              "reseal authority start; a running service goes on until its passport ends");
    };
  }

  private static Refused refused(String name, WireError error) {
    if (error.code() == Code.LINEAGE_MISMATCH) {
      return new Refused(
          "UNKNOWN_LINEAGE",
          "the authority knows no lineage '" + name + "'",
          "reseal authority policy apply FILE makes one");
    }
    return AuthorityCalls.refused(error);
  }

  static ControlClient supervisor(HomeOption home, String name) {
    try {
      return ControlClient.connect(home.control(name));
    } catch (IOException refused) {
      throw new Refused(
          "NO_SUPERVISOR",
          "no supervisor answers on " + home.control(name) + " (" + refused.getMessage() + ")",
          "reseal run --lineage " + name + " -- PYTHON APP");
    }
  }
}
