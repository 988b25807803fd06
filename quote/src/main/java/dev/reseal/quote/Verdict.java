package dev.reseal.quote;

import java.time.Instant;
import java.util.List;

/** What the evidence proves at an instant; whether that is good enough is policy. */
public sealed interface Verdict {
  /**
   * Everything verifies up to a pinned root.
   *
   * @param status Intel's word; it may well be {@link TcbStatus#REVOKED}
   * @param advisories ids of the selected levels of platform, quoting enclave and TDX module
   * @param validUntil the last instant at which all of the evidence is in date
   */
  record Trusted(
      TcbStatus status,
      List<String> advisories,
      Instant validUntil,
      Tee tee,
      int version,
      QuoteBody body,
      Platform platform,
      Evidence evidence)
      implements Verdict {
    public Trusted {
      advisories = List.copyOf(advisories);
    }
  }

  /**
   * A check failed, so nothing is proven.
   *
   * @param what the thing that was checked
   */
  record Refused(Reason reason, String what, String have, String need) implements Verdict {
    /** One line for people. */
    public String detail() {
      return what + ": have " + have + ", need " + need;
    }
  }
}
