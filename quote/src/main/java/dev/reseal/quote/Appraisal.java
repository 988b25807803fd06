package dev.reseal.quote;

import java.time.Instant;

/** What a policy says of trusted evidence. */
public sealed interface Appraisal {
  /**
   * Good enough.
   *
   * @param until the last instant for which this holds without another look
   */
  record Accepted(Instant until) implements Appraisal {}

  /** Not good enough any more, but a member may stay until {@code until}. */
  record Graced(Denied denied, Instant until) implements Appraisal {}

  /**
   * Not good enough.
   *
   * @param allow the policy member that would allow it
   */
  record Denied(Rule rule, String have, String need, String allow) implements Appraisal {
    /** One line for people. */
    public String detail() {
      return "have " + have + ", need " + need + "; would be allowed by " + allow;
    }
  }
}
