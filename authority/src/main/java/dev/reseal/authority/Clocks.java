package dev.reseal.authority;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The clocks of protocol 14.3, in milliseconds. */
public interface Clocks {
  /** Since 1970. */
  long wallMs();

  /** Stands still while the machine is suspended. */
  long monotonicMs();

  /** Goes on while the machine is suspended. */
  long uptimeMs();

  /** The clocks of this machine. */
  static Clocks system() {
    return new Clocks() {
      @Override
      public long wallMs() {
        return System.currentTimeMillis();
      }

      @Override
      public long monotonicMs() {
        return System.nanoTime() / 1_000_000;
      }

      @Override
      public long uptimeMs() {
        try {
          String first = Files.readString(Path.of("/proc/uptime")).split(" ", 2)[0];
          return (long) (Double.parseDouble(first) * 1_000);
        } catch (IOException | NumberFormatException unreadable) {
          throw new StoreException("cannot read /proc/uptime", unreadable);
        }
      }
    };
  }
}
