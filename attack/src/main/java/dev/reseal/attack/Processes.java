package dev.reseal.attack;

import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence;
import dev.reseal.attack.Attack.Defence.NoEffect;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.attack.NaiveService.Order;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.VerifyKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
            new Falls(Processes::watchersOrder),
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

  /** The script asks whether somebody of the team has signed, and not what he may do. */
  private static Ending watchersOrder(Stage stage) throws IOException {
    SigningKey operator = SigningKey.generate(Randomness.system());
    SigningKey watcher = SigningKey.generate(Randomness.system());
    List<VerifyKey> team = List.of(operator.verifyKey(), watcher.verifyKey());
    NaiveService service = new NaiveService(stage, team, Map.of());
    service.put("all customers");
    service.carryOut(Order.of("seal", operator));
    service.carryOut(Order.of("close", watcher));
    return service.get().equals(NaiveService.NOTHING)
        ? new Ending.Won("the key that only watches the service has closed it; its blob is deleted")
        : new Ending.Harmless("it goes on with " + service.get());
  }

  private static Ending supervisorsKey(Stage stage) throws IOException {
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
