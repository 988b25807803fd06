package dev.reseal.urts;

import java.nio.file.Path;

/** The library is not there, cannot be loaded, or is not Intel's untrusted runtime. */
public final class UrtsException extends Exception {
  private static final long serialVersionUID = 1L;

  UrtsException(Path library, String found) {
    super("urts library '" + library + "': " + found);
  }
}
