package dev.reseal.collateral;

import dev.reseal.quote.CheckedCollateral;
import dev.reseal.quote.Collateral;
import java.util.List;

/** What came of asking for collateral; whatever is here has verified and is in date. */
public sealed interface Fetched {
  /** From an endpoint, after {@code failures} of those before it. */
  record Fresh(Collateral collateral, CheckedCollateral checked, String from, List<String> failures)
      implements Fetched {
    public Fresh {
      failures = List.copyOf(failures);
    }
  }

  /** From the cache; {@code failures} says why nothing newer came, empty if none was asked. */
  record Kept(Collateral collateral, CheckedCollateral checked, List<String> failures)
      implements Fetched {
    public Kept {
      failures = List.copyOf(failures);
    }
  }

  /** Nothing usable. */
  record Nothing(List<String> failures) implements Fetched {
    public Nothing {
      failures = List.copyOf(failures);
    }
  }
}
