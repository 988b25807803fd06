package dev.reseal.quote;

import java.time.Instant;

/** What acceptance would be for: letting something in, or letting a member stay. */
public sealed interface Occasion {
  /** A first grant: every rule counts. */
  record Admission() implements Occasion {}

  /**
   * A member stays: rules that collateral alone can break wait for the grace of the policy.
   *
   * @param lastAccepted when this member was last accepted without grace
   */
  record Membership(Instant lastAccepted) implements Occasion {}
}
