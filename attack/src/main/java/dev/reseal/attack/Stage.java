package dev.reseal.attack;

import dev.reseal.authority.SqliteStore;
import dev.reseal.authority.Store;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Machine;
import dev.reseal.emulator.PlatformIdentity;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What all attacks of a run share: one emulated machine, and a folder for what they run on. */
public final class Stage implements AutoCloseable {
  private final Path folder;
  private final boolean kept;
  private final Machine machine;
  private final Python python;
  private final List<Store> stores = new ArrayList<>();
  private int folders;

  private Stage(Path root, Path folder, boolean kept) throws IOException {
    this.folder = folder;
    this.kept = kept;
    this.machine = machineIn("platform");
    this.python = new Python(root, kept ? List.of(folder.resolve("site").toString()) : List.of());
  }

  /**
   * One that is gone afterwards.
   *
   * @param root the checkout, where the Python side of the attacks is
   */
  public static Stage passing(Path root) throws IOException {
    return new Stage(root, Files.createTempDirectory("ra"), false);
  }

  /**
   * One that stays, to be looked at: the site of real processes in {@code site}, the register of
   * every other authority in {@code registers}.
   *
   * @param folder not there yet, or empty
   */
  public static Stage kept(Path root, Path folder) throws IOException {
    return new Stage(root, Files.createDirectories(folder).toAbsolutePath(), true);
  }

  /** Another machine, with keys and collateral of its own, kept in a folder of this stage. */
  Machine machineIn(String name) throws IOException {
    return Machine.init(folder.resolve(name), PlatformIdentity.FIRST_FMSPC, Instant.now());
  }

  Machine machine() {
    return machine;
  }

  Path platform() {
    return folder.resolve("platform");
  }

  /** A trusted side with nothing in it. */
  Site site() throws IOException {
    return site(machine, platform());
  }

  /** One that reads its collateral from {@code platform}, where that machine is kept. */
  Site site(Machine on, Path platform) throws IOException {
    return new Site(on, platform, key(), Essentials.Env.DEMO, store());
  }

  /** One more lineage of the authority with that key. */
  Site site(SigningKey signer) throws IOException {
    return new Site(machine, platform(), signer, Essentials.Env.DEMO, store());
  }

  /** One of env prod. */
  Site production() throws IOException {
    return new Site(machine, platform(), key(), Essentials.Env.PROD, store());
  }

  private static SigningKey key() {
    return SigningKey.generate(Randomness.system());
  }

  private Store store() throws IOException {
    Path home = folder.resolve("registers").resolve("r" + (stores.size() + 1));
    Path authority = Files.createDirectories(home.resolve("authority"));
    Store store = SqliteStore.open(authority.resolve("register.db"));
    stores.add(store);
    return store;
  }

  Host host() throws IOException {
    return new Host(site());
  }

  NaiveRelyingParty relyingParty() {
    return new NaiveRelyingParty(machine.info().root(), platform().resolve("collateral"));
  }

  /** A new folder. */
  Path folder() throws IOException {
    folders++;
    return Files.createDirectories(folder.resolve("f" + folders));
  }

  /** The part of an attack that is about Python or about processes. */
  Ending python(String id, String side) throws IOException {
    return python.play(id, side);
  }

  static Bytes copy(Path file) throws IOException {
    return Bytes.wrap(Files.readAllBytes(file));
  }

  @Override
  public void close() throws IOException {
    python.close();
    stores.forEach(Store::close);
    if (kept) {
      return;
    }
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : all) {
      Files.delete(each);
    }
  }
}
