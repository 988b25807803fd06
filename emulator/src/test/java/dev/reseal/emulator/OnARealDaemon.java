package dev.reseal.emulator;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A daemon of its own for each test. */
abstract class OnARealDaemon {
  /** A program that says that it runs and then only lives. */
  static final String WAIT = "say('ready', 1)\ntime.sleep(600)\n";

  Rig rig;

  @BeforeEach
  void startPlatform() throws IOException {
    rig = new Rig(4096);
  }

  @AfterEach
  void stopPlatform() throws IOException {
    rig.close();
  }
}
