package dev.reseal.collateral;

import java.time.Duration;

/**
 * What a fetch may cost.
 *
 * @param connect until a connection stands
 * @param answer for one whole answer, however slowly it trickles
 * @param bytes of one body
 */
public record FetchLimits(Duration connect, Duration answer, int bytes) {
  public static final FetchLimits DEFAULT =
      new FetchLimits(Duration.ofSeconds(5), Duration.ofSeconds(15), 1 << 20);
}
