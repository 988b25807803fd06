package dev.reseal.attack;

import dev.reseal.attack.Attack.Absent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The attack list, by number. */
public final class Attacks {
  private static final Map<Integer, Attack> ALL = table();

  private Attacks() {}

  private static Map<Integer, Attack> table() {
    List<Attack> rows = new ArrayList<>();
    rows.addAll(Ownership.rows());
    rows.addAll(StateAttacks.rows());
    rows.addAll(Restored.rows());
    rows.addAll(Channel.rows());
    rows.addAll(Processes.rows());
    rows.addAll(Evidence.rows());
    rows.addAll(Admitted.rows());
    rows.addAll(Collaterals.rows());
    rows.addAll(Parsers.rows());
    rows.addAll(Outages.rows());
    rows.addAll(absent());
    Map<Integer, Attack> table = new TreeMap<>();
    for (Attack row : rows) {
      if (table.put(Integer.parseInt(row.id().substring(1)), row) != null) {
        throw new IllegalStateException(row.id() + " stands in the table twice");
      }
    }
    return Collections.unmodifiableMap(table);
  }

  private static List<Attack> absent() {
    return List.of(
        new Absent(
            "A20",
            "forge quotes with an interposer on the memory bus",
            "no code of ours stops it: LIMITS.md"),
        new Absent(
            "A28",
            "reach the dashboard from another web page",
            "there is no dashboard in this version"),
        new Absent(
            "A37",
            "bury the authority under attestations of a fleet",
            "no fleets in this version; calls are bounded: docs/reliability.md"),
        new Absent(
            "A44",
            "swap the jar, the wheel or the container",
            "signed releases come with the first release"),
        new Absent(
            "A45",
            "one insider upgrades to an image of his own",
            "upgrades are not in this version: every other measurement is refused (A52)"),
        new Absent("A46", "abuse break-glass recovery", "disaster recovery is not in this version"),
        new Absent("A47", "watch page faults and caches", "out of scope: LIMITS.md"));
  }

  public static List<Attack> all() {
    return List.copyOf(ALL.values());
  }

  public static Optional<Attack> named(String id) {
    return ALL.values().stream().filter(each -> each.id().equalsIgnoreCase(id)).findFirst();
  }
}
