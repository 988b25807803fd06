package dev.reseal.cli;

import dev.reseal.supervisor.Authority;
import dev.reseal.supervisor.ControlClient;
import dev.reseal.wire.Status;
import java.io.IOException;

/** What every service verb asks first, with the words for when the answer is no. */
final class Services {
  private Services() {}

  static Status status(HomeOption home, String name) throws IOException {
    home.lineage(name);
    return status(home.authority().named(name), name);
  }

  static Status status(Authority.Reply reply, String name) {
    return AuthorityCalls.status(reply)
        .orElseThrow(() ->
            new Refused(
                "UNKNOWN_LINEAGE",
                "the authority knows no lineage '" + name + "'",
                "reseal authority policy apply FILE makes one"));
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
