package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Machine;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.VerifyKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One naive enclave and the script that destroys and creates it: a folder of blobs, orders that
 * somebody of the team has signed, settings from the environment. The host has the folder, every
 * order that was ever given and the environment.
 */
final class NaiveService {
  /** What is answered where no enclave runs. */
  static final String NOTHING = "(nothing serves)";

  private static final String STATE = "state";

  private final Machine machine;
  private final Path folder;
  private final Map<String, String> environment;
  private final List<VerifyKey> team;
  private NaiveEnclave enclave;
  private boolean runs = true;

  /**
   * An order as it travels: what to do, and a signature of somebody who is known.
   *
   * @param by a key of the team
   */
  record Order(String text, VerifyKey by, Bytes signature) {
    static Order of(String text, SigningKey by) {
      return new Order(text, by.verifyKey(), by.sign(Bytes.ascii(text)));
    }

    boolean genuine() {
      return by.verifies(Bytes.ascii(text), signature);
    }
  }

  NaiveService(Stage stage, List<VerifyKey> team, Map<String, String> environment)
      throws IOException {
    this.machine = stage.machine();
    this.folder = stage.folder();
    this.team = List.copyOf(team);
    this.environment = Map.copyOf(environment);
    this.enclave = new NaiveEnclave(machine);
  }

  /** One that nobody gives orders to but the attack itself. */
  NaiveService(Stage stage) throws IOException {
    this(stage, List.of(), Map.of());
  }

  /** An update of a customer, acknowledged. */
  void put(String state) {
    enclave.state = state;
  }

  /** What a customer is answered now. */
  String get() {
    return runs ? enclave.state : NOTHING;
  }

  /** A customer's bill, signed with the key that is the state. */
  Bytes bill(String text) {
    return enclave.bill(text);
  }

  void carryOut(Order order) throws IOException {
    if (!team.contains(order.by()) || !order.genuine()) {
      return;
    }
    switch (order.text()) {
      case "seal" -> seal();
      case "create" -> create();
      case "close" -> close();
      default -> throw new IllegalArgumentException(order.text());
    }
  }

  void seal() throws IOException {
    boolean plain = "none".equals(environment.get("SEAL_POLICY"));
    Bytes blob =
        plain ? Bytes.wrap(enclave.state.getBytes(StandardCharsets.UTF_8)) : enclave.seal();
    disk(blob);
  }

  /** Destroys what runs and starts another one: from the disk, if anything is there. */
  void create() throws IOException {
    NaiveEnclave next = new NaiveEnclave(machine);
    enclave = Files.exists(folder.resolve(STATE)) ? next.start(disk()) : next;
    runs = true;
  }

  private void close() throws IOException {
    wipe();
    runs = false;
  }

  /** The script's "ready": the new enclave has a quote that a customer would take. */
  void replaceBy(NaiveEnclave candidate, NaiveRelyingParty check) {
    if (check.accepts(candidate.quote, candidate.tls.verifyKey())) {
      enclave = candidate;
    }
  }

  /** What is on the disk; the host's to read. */
  Bytes disk() throws IOException {
    return Stage.copy(folder.resolve(STATE));
  }

  /** To delete. */
  void wipe() throws IOException {
    Files.delete(folder.resolve(STATE));
  }

  /** And to write. */
  void disk(Bytes blob) throws IOException {
    Files.write(folder.resolve(STATE), blob.toArray());
  }
}
