package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.IdentityComparison;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The words for two files side by side: what differs between them and what that breaks. */
final class ComparedFiles {
  private static final String RULE = "the policy rule that allows the first";

  private ComparedFiles() {}

  /** Of two files that {@link InspectedFile#incomparable} says nothing against. */
  static Facts of(InspectedFile first, InspectedFile second) {
    List<InspectedFile.Stated> left = first.identities();
    List<InspectedFile.Stated> right = second.identities();
    List<Facts> pairs = new ArrayList<>();
    if (left.isEmpty() || right.isEmpty()) {
      for (Bytes one : first.measurements()) {
        for (Bytes other : second.measurements()) {
          pairs.add(measurements(one, other, left.isEmpty() ? "first" : "second"));
        }
      }
      return new Facts().put("comparison", pairs);
    }
    for (InspectedFile.Stated one : left) {
      for (InspectedFile.Stated other : right) {
        if (left.size() == 1 || right.size() == 1 || one.name().equals(other.name())) {
          pairs.add(identities(one, other));
        }
      }
    }
    if (pairs.isEmpty()) {
      pairs.add(identities(left.getFirst(), right.getFirst()));
    }
    return new Facts().put("comparison", pairs);
  }

  private static Facts identities(InspectedFile.Stated one, InspectedFile.Stated other) {
    Facts facts = new Facts();
    if (!one.name().isEmpty() || !other.name().isEmpty()) {
      facts.put("first", one.name()).put("second", other.name());
    }
    IdentityComparison comparison = IdentityComparison.of(one.identity(), other.identity());
    return facts(facts, comparison, "same_identity", List.of(rule(one, other)));
  }

  /** What the authority's own rule answers to the second under the line for the first. */
  private static IdentityComparison.Consequence rule(
      InspectedFile.Stated one, InspectedFile.Stated other) {
    PolicyLine line = PolicyLine.of(one.identity());
    Optional<String> denial = line.denies(other.identity());
    if (line.denies(one.identity()).isPresent()) {
      denial = line.denies(one.identity()).map(why -> "no policy allows the first: " + why);
    }
    return denial
        .map(why -> new IdentityComparison.Consequence(RULE, false, why))
        .orElse(new IdentityComparison.Consequence(RULE, true, "every field it names fits"));
  }

  private static Facts measurements(Bytes one, Bytes other, String bare) {
    Facts facts =
        new Facts()
            .put("note", "the " + bare + " states no signer, product, version or attributes");
    List<IdentityComparison.Consequence> rule =
        one.equals(other)
            ? List.of()
            : List.of(new IdentityComparison.Consequence(RULE, false, "MRENCLAVE"));
    return facts(facts, IdentityComparison.ofMeasurements(one, other), "same_measurement", rule);
  }

  private static Facts facts(
      Facts facts,
      IdentityComparison comparison,
      String same,
      List<IdentityComparison.Consequence> more) {
    List<Facts> differences = new ArrayList<>();
    for (IdentityComparison.Difference difference : comparison.differences()) {
      differences.add(
          new Facts()
              .put("field", difference.field())
              .put("first", difference.first())
              .put("second", difference.second()));
    }
    facts.put(same, differences.isEmpty()).put("difference", differences);
    List<IdentityComparison.Consequence> all = new ArrayList<>(comparison.consequences());
    all.addAll(more);
    List<Facts> consequences = new ArrayList<>();
    for (IdentityComparison.Consequence consequence : all) {
      consequences.add(
          new Facts()
              .put("use", consequence.use())
              .put("works", consequence.works())
              .put("because", consequence.reason()));
    }
    return facts.put("consequence", consequences);
  }
}
