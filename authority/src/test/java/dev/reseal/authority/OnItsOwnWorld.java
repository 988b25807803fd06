package dev.reseal.authority;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A world of its own for each test. */
abstract class OnItsOwnWorld {
  @TempDir Path home;
  World world;

  @BeforeEach
  void makeWorld() {
    world = new World(home);
  }
}
