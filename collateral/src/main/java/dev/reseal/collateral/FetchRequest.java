package dev.reseal.collateral;

import dev.reseal.quote.Origin;
import java.util.Locale;

/** Collateral for one family of platforms, on one channel. */
public record FetchRequest(Origin origin, Channel channel) {
  /** When a TCB recovery reaches collateral: the day of disclosure, or some weeks later. */
  public enum Channel {
    EARLY,
    STANDARD;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A name that is safe for a folder: all parts come from closed sets or hex. */
  String name() {
    return String.join(
        "-",
        origin.tee().name().toLowerCase(Locale.ROOT),
        origin.fmspc().toHex(),
        origin.authority().word(),
        channel.word());
  }
}
