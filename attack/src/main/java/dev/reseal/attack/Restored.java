package dev.reseal.attack;

import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.authority.FileAnchor;
import dev.reseal.authority.KeyFile;
import dev.reseal.authority.KeyStore;
import dev.reseal.authority.MemoryAnchor;
import dev.reseal.authority.SqliteStore;
import dev.reseal.authority.StoreException;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.instance.Instance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What was replaced or destroyed and is put back: A6, A40, A54. */
final class Restored {
  private Restored() {}

  static List<Attack> rows() {
    return List.of(
        new Live(
            "A6",
            false,
            "restore yesterday's register of the authority",
            new Falls(Restored::counterRestored),
            new Rule("rollback suspected, QUARANTINED"),
            Restored::registerRestored),
        new Live(
            "A40",
            false,
            "open what an old key opened: it is never retired",
            new Falls(Restored::keyForEver),
            new Rule("KEY_DESTROYED"),
            Restored::retiredKey),
        new Live(
            "A54",
            false,
            "restore an old copy of the key store",
            new Falls(Restored::keyFileRestored),
            new Rule("KEY_DESTROYED"),
            Restored::keyStoreRestored));
  }

  private static Ending counterRestored(Stage stage) throws IOException {
    Path counter = stage.folder().resolve("version");
    NaiveEnclave enclave = new NaiveEnclave(stage.machine());
    enclave.state = "balance 17";
    Bytes old = enclave.seal();
    Files.writeString(counter, "17");
    String backup = Files.readString(counter);
    enclave.state = "balance 19";
    enclave.seal();
    Files.writeString(counter, "19");
    Files.writeString(counter, backup);
    NaiveEnclave next = new NaiveEnclave(stage.machine()).start(old);
    return next.state.endsWith(Files.readString(counter))
        ? new Ending.Won("the version file agrees with the old blob: " + next.state)
        : new Ending.Harmless("the version file does not agree");
  }

  private static Ending registerRestored(Stage stage) throws IOException {
    Path folder = stage.folder();
    Host host = stage.host();
    Site site = host.site;
    Path database = folder.resolve("register.db");
    site.store = SqliteStore.open(database);
    site.anchor = new FileAnchor(folder.resolve("anchor"));
    site.restart();
    Instance active = host.serving(17);
    site.store.close();
    Path backup = folder.resolve("backup.db");
    Files.copy(database, backup);
    site.store = SqliteStore.open(database);
    site.restart();
    host.checkpoint(active);
    host.checkpoint(active);
    Bytes renewal = Host.renewal(active);
    site.store.close();
    Files.copy(backup, database, StandardCopyOption.REPLACE_EXISTING);
    site.store = SqliteStore.open(database);
    List<Ending> endings = new ArrayList<>();
    try {
      site.restart();
      endings.add(new Ending.Won("the old register is served"));
    } catch (StoreException refused) {
      String said = String.valueOf(refused.getMessage());
      endings.add(
          new Ending.Refused(
              said.contains("rollback suspected") ? "rollback suspected" : said, said));
    }
    // And with the anchor restored too: the instance remembers what it was shown.
    site.anchor = new MemoryAnchor();
    var tail = site.store.tail();
    site.anchor.advance(
        Optional.empty(), new dev.reseal.authority.Anchor.Mark(tail.seq(), tail.hash()));
    site.restart();
    endings.add(
        Endings.of(site.authority.post("renew", renewal), "a passport by the old register"));
    site.store.close();
    return Endings.all(endings);
  }

  /** Rotated: sealed again, in another enclave. What was copied before is opened by a third one. */
  private static Ending keyForEver(Stage stage) throws IOException {
    NaiveService service = new NaiveService(stage);
    service.put("cards of last year");
    service.seal();
    Bytes lastYear = service.disk();
    service.create();
    service.put("cards of this year");
    service.seal();
    service.create();
    service.disk(lastYear);
    service.create();
    return service.get().equals("cards of last year")
        ? new Ending.Won("after two rotations the old blob still opens: " + service.get())
        : new Ending.Harmless("it has " + service.get());
  }

  /** A grant that would open the state of before the rotation, after its keys were retired. */
  private static Ending retiredKey(Stage stage) throws IOException {
    Host host = stage.host();
    Bytes opId = host.sealed(host.serving(1), true);
    Instance candidate = host.create();
    Bytes request = host.attest(candidate, opId);
    Site.answer(host.site.authority.post("grant-request", request));
    Instance next = host.activate(opId);
    host.checkpoint(next);
    host.site.retire();
    return Endings.of(host.site.authority.post("grant-request", request), "the old half again");
  }

  private static Ending keyFileRestored(Stage stage) throws IOException {
    NaiveKeyFile keys = new NaiveKeyFile(stage.folder().resolve("key"));
    Bytes record = keys.sealing.seal("cards of 2025");
    Bytes backup = keys.backup();
    keys.destroy();
    keys.restore(backup);
    String read = keys.sealing.open(record);
    return read.equals("cards of 2025")
        ? new Ending.Won("the key was destroyed, its file restored: " + read)
        : new Ending.Harmless("the record does not open");
  }

  private static Ending keyStoreRestored(Stage stage) throws IOException {
    Path folder = stage.folder();
    Path file = folder.resolve("keystore");
    Path backup = folder.resolve("backup");
    Host host = stage.host();
    Site site = host.site;
    site.keys = KeyFile.open(file);
    site.restart();
    Instance old = host.serving(1);
    Bytes opId = host.sealed(old, true);
    Bytes request = host.attest(host.create(), opId);
    Site.answer(site.authority.post("grant-request", request));
    Files.copy(file, backup);
    Instance next = host.activate(opId);
    host.checkpoint(next);
    site.retire();
    int kept = site.keys.names().size();
    site.keys.close();
    try (KeyStore restored = KeyFile.open(file);
        KeyStore copy = KeyFile.open(backup)) {
      for (String name : copy.names()) {
        Optional<Secret> key = copy.get(name);
        if (!restored.names().contains(name)) {
          restored.put(name, key.orElseThrow());
        }
      }
    }
    site.keys = KeyFile.open(file);
    site.restart();
    Reply again = site.authority.post("grant-request", request);
    int found = site.keys.names().size();
    site.keys.close();
    return found == kept
        ? Endings.of(again, "the old half again")
        : new Ending.Won(found - kept + " destroyed keys are back");
  }
}
