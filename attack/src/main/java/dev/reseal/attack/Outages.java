package dev.reseal.attack;

import static dev.reseal.attack.Host.balance;

import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence;
import dev.reseal.attack.Attack.Defence.NoEffect;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.attack.Attack.Try;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Fault;
import dev.reseal.emulator.Urts;
import dev.reseal.instance.Instance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a host takes away or sets back under an operation, notes, time, memory, the verifier: A4,
 * A21, A33 to A35, A38, A43, A48.
 */
final class Outages {
  private static final int ALL_PAGES = 1 << 20;
  private static final int SMALL_EPC = 64;
  private static final int LARGE_EPC = 4_096;
  private static final int STORM = 100;
  private static final long PERMIT_MS = 900_000;

  private Outages() {}

  static List<Attack> rows() {
    return List.of(
        python("A4", "cut the supervisor's journal, at rest and in a re-seal", new NoEffect()),
        python(
            "A21",
            "set the host's clocks back to keep a dead passport alive",
            new Rule("PASSPORT_EXPIRED")),
        row("A33", "take the EPC between destroy and create", Outages::neighbour, new NoEffect()),
        row(
            "A34",
            "keep the EPC of the destroyed instance",
            Outages::childKeepsPages,
            new Rule("EPC")),
        row(
            "A35",
            "lose every enclave, then ask a hundred times for another one",
            Outages::everyThreadRecreates,
            new Rule("BUSY")),
        python(
            "A43",
            "lose state that nobody declared, by replacing the instance",
            new Rule("UNDECLARED_STATE")),
        row(
            "A48",
            "delete or damage all sealed state, unnoticed until it is needed",
            Outages::blobDeleted,
            new Rule("SEALED_STATE_DAMAGED, SEALED_STATE_MISSING")),
        new Live(
            "A38",
            false,
            "take the verifier and its collateral away in the middle of a re-seal",
            new Falls(Outages::destroyedThenVerified),
            new Rule("PERMIT_EXPIRED"),
            Outages::verifierAway));
  }

  private static Live python(String id, String title, Defence defence) {
    return row(id, title, stage -> stage.python(id, "naive"), defence);
  }

  private static Live row(String id, String title, Try naive, Defence defence) {
    return new Live(
        id, false, title, new Falls(naive), defence, stage -> stage.python(id, "reseal"));
  }

  private static Ending neighbour(Stage stage) {
    NaiveScript script = new NaiveScript(stage.machine(), SMALL_EPC, 7);
    return script.rotate(() -> script.strike(new Fault.PagesTaken(ALL_PAGES)));
  }

  private static Ending childKeepsPages(Stage stage) {
    NaiveScript script = new NaiveScript(stage.machine(), SMALL_EPC, 7);
    script.strike(new Fault.PagesTaken(ALL_PAGES));
    try (Urts.Child _ = script.fork()) {
      return script.rotate(() -> {});
    }
  }

  private static Ending blobDeleted(Stage stage) throws IOException {
    NaiveService service = new NaiveService(stage);
    service.put("balance 9");
    service.seal();
    service.wipe();
    service.create();
    return service.get().isEmpty()
        ? new Ending.Won("the script starts an empty enclave, as on its first day; nobody was told")
        : new Ending.Harmless("it has " + service.get());
  }

  private static Ending everyThreadRecreates(Stage stage) throws Exception {
    NaiveScript script = new NaiveScript(stage.machine(), LARGE_EPC, 7);
    script.strike(new Fault.PowerTransition());
    long created = script.recreatedBy(STORM);
    return created > 1
        ? new Ending.Won(created + " enclaves for one service, each with a state of its own")
        : new Ending.Harmless(created + " was created");
  }

  private static Ending destroyedThenVerified(Stage stage) throws IOException {
    NaiveScript script = new NaiveScript(stage.machine(), SMALL_EPC, 7);
    Path collateral = stage.folder();
    NaiveEnclave next = new NaiveEnclave(stage.machine());
    Ending created = script.rotate(() -> {});
    NaiveRelyingParty verifier = new NaiveRelyingParty(stage.machine().info().root(), collateral);
    boolean trusted = created instanceof Ending.Harmless && verifier.genuine(next.quote);
    return trusted
        ? new Ending.Harmless("the new enclave is verified")
        : new Ending.Won(
            "the old enclave is destroyed, the new one cannot be verified: no service");
  }

  /** The collateral goes, then the time of the permit; and with processes the whole authority. */
  private static Ending verifierAway(Stage stage) throws IOException {
    Collaterals.Place place = Collaterals.place(stage);
    Path collateral = place.folder().resolve("collateral");
    Path away = place.folder().resolve("away");
    Host host = new Host(place.site(stage));
    Bytes first = host.sealed(host.serving(5), false);
    Files.move(collateral, away);
    Instance pinned = host.activate(first); // by what the permit pinned before anything was touched
    Files.move(away, collateral);
    Bytes second = host.sealed(pinned, false);
    Files.move(collateral, away);
    host.site.clocks.pass(PERMIT_MS + 1);
    Ending refused =
        Endings.of(
            host.site.authority.post("grant-request", host.attest(host.create(), second)),
            "granted without anything to verify by");
    Files.move(away, collateral);
    Instance last = host.activate(second);
    Ending processes = stage.python("A38", "reseal");
    return balance(last) != 5
        ? new Ending.Won("balance " + balance(last) + " after 5")
        : processes instanceof Ending.Harmless ? refused : processes;
  }
}
