package dev.reseal.quote;

/** Levels of the platform and of the quoting enclave: each status, each boundary. */
final class StatusCases {
  private StatusCases() {}

  static void addTo(Cases cases) {
    statuses(cases);
  }

  private static void statuses(Cases cases) {
    for (TcbStatus status : TcbStatus.values()) {
      boolean ofResults = status.word().startsWith("TDRelaunch");
      String expected = ofResults ? "tcb-not-recognised" : status.word();
      level(cases, "level-" + status.word(), status.word(), expected);
    }
    level(cases, "level-unknown-word", "Splendid", "tcb-not-recognised");
    cases.add("no-level-components", "tcb-not-recognised", p -> p.components[2] = 1);
    cases.add("no-level-last-component", "tcb-not-recognised", p -> p.components[7] = 2);
    cases.add("no-level-pcesvn", "tcb-not-recognised", p -> p.pceSvn = 10);
    cases.add("level-below", "OutOfDate", p -> p.components[0] = 7);
    cases.add("level-component-255", "UpToDate", p -> p.components[0] = (byte) 255);
    cases.add("levels-unsorted", "UpToDate", p -> java.util.Collections.reverse(p.levels));
    cases.add("level-twice", "collateral-format", p -> p.levels.add(p.levels.getFirst()));
    cases.add("no-levels", "collateral-format", p -> p.levels.clear());
    qe(cases, "qe-level-below", 7, "UpToDate", "OutOfDate");
    qe(cases, "qe-below-configuration", 7, "ConfigurationNeeded", "OutOfDateConfigurationNeeded");
    qe(cases, "qe-below-hardening", 7, "SWHardeningNeeded", "OutOfDate");
    qe(
        cases,
        "qe-below-both",
        7,
        "ConfigurationAndSWHardeningNeeded",
        "OutOfDateConfigurationNeeded");
    qe(cases, "qe-below-out-of-date", 7, "OutOfDate", "OutOfDate");
    qe(cases, "qe-below-revoked", 7, "Revoked", "Revoked");
    qe(cases, "qe-no-level", 5, "UpToDate", "tcb-not-recognised");
    cases.add(
        "qe-revoked", "Revoked", p -> p.qeLevels.set(0, TestCollateral.svnLevel(8, "Revoked")));
    cases.add(
        "qe-odd-status",
        "tcb-not-recognised",
        p -> p.qeLevels.set(0, TestCollateral.svnLevel(8, "ConfigurationNeeded")));
    cases.add(
        "qe-unknown-status",
        "tcb-not-recognised",
        p -> p.qeLevels.set(0, TestCollateral.svnLevel(8, "Splendid")));
    cases.add("qe-levels-unsorted", "UpToDate", p -> java.util.Collections.reverse(p.qeLevels));
    cases.add("qe-level-twice", "collateral-format", p -> p.qeLevels.add(p.qeLevels.getFirst()));
    cases.add("qe-no-levels", "collateral-format", p -> p.qeLevels.clear());
  }

  private static void level(Cases cases, String name, String status, String expected) {
    cases.add(name, expected, p -> p.levels.set(0, TestCollateral.sgxLevel(8, 11, status)));
  }

  private static void qe(Cases cases, String name, int svn, String platform, String expected) {
    cases.add(
        name,
        expected,
        p -> {
          p.qeSvn = svn;
          p.levels.set(0, TestCollateral.sgxLevel(8, 11, platform));
        });
  }
}
