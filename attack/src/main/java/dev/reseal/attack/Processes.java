package dev.reseal.attack;

import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence;
import dev.reseal.attack.Attack.Defence.NoEffect;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Kind;
import java.util.ArrayList;
import java.util.List;

/** Processes, files and doors of the host: A23 to A27. */
final class Processes {
  private Processes() {}

  static List<Attack> rows() {
    return List.of(
        python("A23", true, "find a secret in a log, journal, database or file", new NoEffect()),
        python(
            "A24",
            false,
            "dump the memory of what is untrusted; attach to the authority",
            new NoEffect()),
        python("A25", false, "read arguments, environment and memory in /proc", new NoEffect()),
        python(
            "A26",
            true,
            "reach the control socket as another user, or without an operator's key",
            new Rule("DENY verb=reseal")),
        new Live(
            "A27",
            false,
            "have the supervisor's key ask for what only operators may",
            new Falls(Processes::whoeverRunsTheScript),
            new Rule("POLICY_REFUSED/DENY verb=rekey, POLICY_REFUSED/DENY verb=close"),
            Processes::supervisorsKey));
  }

  private static Live python(String id, boolean starred, String title, Defence defence) {
    return new Live(
        id,
        starred,
        title,
        new Falls(stage -> stage.python(id, "naive")),
        defence,
        stage -> stage.python(id, "reseal"));
  }

  private static Ending whoeverRunsTheScript(Stage stage) {
    NaiveEnclave service = new NaiveEnclave(stage.machine());
    service.state = "key 1";
    // The script asks nobody who runs it: the account of the service can rotate, and delete.
    NaiveEnclave next = new NaiveEnclave(stage.machine()).start(service.seal());
    next.state = "key of the caller";
    return new Ending.Won("the account that only watches the service gave it the " + next.state);
  }

  private static Ending supervisorsKey(Stage stage) {
    Host host = stage.host();
    host.serving(1);
    List<Ending> endings = new ArrayList<>();
    for (Kind kind : List.of(Kind.REKEY, Kind.CLOSE)) {
      Ask ask = host.site.ask(kind, kind == Kind.REKEY, Ask.NOTHING);
      endings.add(Endings.of(host.site.request(ask, host.site.supervisor), "it was done: " + kind));
    }
    return Endings.all(endings);
  }
}
