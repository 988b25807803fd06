package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import java.time.Instant;
import java.util.Optional;

/**
 * What an appraisal depends on besides policy and verdict.
 *
 * @param floor newest collateral accepted so far
 * @param reportData if present, the 64 bytes that the quoted code must have bound
 * @param at the instant of the verdict
 */
public record Circumstances(
    Occasion occasion, Floor floor, Optional<Bytes> reportData, Instant at) {
  /** A first grant, with no memory and no expectation. */
  public static Circumstances admission(Instant at) {
    return new Circumstances(new Occasion.Admission(), Floor.NONE, Optional.empty(), at);
  }

  public Circumstances expecting(Bytes data) {
    return new Circumstances(occasion, floor, Optional.of(data), at);
  }

  public Circumstances above(Floor seen) {
    return new Circumstances(occasion, seen, reportData, at);
  }
}
