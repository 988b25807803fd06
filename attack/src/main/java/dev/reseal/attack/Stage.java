package dev.reseal.attack;

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
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What all attacks of a run share: one emulated machine and a folder that goes away afterwards. */
public final class Stage implements AutoCloseable {
  private final Path folder;
  private final Machine machine;
  private final Python python;
  private int folders;

  /**
   * Sets it up.
   *
   * @param root the checkout, where the Python side of the attacks is
   */
  public Stage(Path root) throws IOException {
    this.folder = Files.createTempDirectory("ra");
    this.machine = machineIn("platform");
    this.python = new Python(root);
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
  Site site() {
    return new Site(machine, platform());
  }

  /** One of env prod. */
  Site production() {
    SigningKey key = SigningKey.generate(Randomness.system());
    return new Site(machine, platform(), key, Essentials.Env.PROD);
  }

  Host host() {
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
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : all) {
      Files.delete(each);
    }
  }
}
