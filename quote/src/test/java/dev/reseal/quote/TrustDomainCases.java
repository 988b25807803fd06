package dev.reseal.quote;

import dev.reseal.bytes.Bytes;

/** TDX: module, loader, relaunch. */
final class TrustDomainCases {
  private TrustDomainCases() {}

  static void addTo(Cases cases) {
    trustDomains(cases);
  }

  private static void trustDomains(Cases cases) {
    cases.add(
        "tdx-other-signer",
        "tdx-module-mismatch",
        p -> p.tdx(4).seamSigner = Bytes.concat(Bytes.hex("01"), Bytes.zeros(47)));
    cases.add(
        "tdx-attributes",
        "tdx-module-mismatch",
        p -> p.tdx(4).seamAttributes = Bytes.hex("0100000000000000"));
    String zeros = "\"attributes\":\"0000000000000000\"";
    String one = "\"attributes\":\"0100000000000000\"";
    cases.add(
        "tdx-attributes-as-in-tcb-info",
        "tdx-module-mismatch",
        p -> {
          p.tdx(4).seamAttributes = Bytes.hex("0100000000000000");
          p.tcbInfo = json -> json.replace(zeros, one);
        });
    cases.add(
        "tdx-attributes-only-in-tcb-info",
        "tdx-module-mismatch",
        p -> p.tdx(4).tcbInfo = json -> json.replace(zeros, one));
    cases.add("tdx-unknown-module", "tdx-module-mismatch", p -> svn(p.tdx(4), "04020200"));
    cases.add("tdx-without-module-identity", "UpToDate", p -> svn(p.tdx(4), "09090200", 9, 9));
    cases.add("tdx-module-0-below", "tcb-not-recognised", p -> svn(p.tdx(4), "08000200"));
    cases.add("tdx-module-below", "OutOfDate", p -> svn(p.tdx(4), "03010200"));
    cases.add("tdx-module-no-level", "tcb-not-recognised", p -> svn(p.tdx(4), "01010200"));
    cases.add(
        "tdx-loader-below",
        "OutOfDate",
        p -> {
          svn(p.tdx(4), "04010100");
          p.tdxLevels.set(1, TestCollateral.tdxLevel(8, 1, "OutOfDate"));
        });
    cases.add("tdx-loader-no-level", "tcb-not-recognised", p -> svn(p.tdx(4), "04010000"));
    cases.add(
        "tdx-module-revoked",
        "Revoked",
        p -> p.tdx(4).moduleLevels.set(0, TestCollateral.svnLevel(4, "Revoked")));
    cases.add(
        "tdx-sgx-revoked-lower-matches",
        "Revoked",
        p -> {
          svn(p.tdx(4), "04010100");
          p.tdxLevels.set(0, TestCollateral.tdxLevel(8, 2, "Revoked"));
        });
    cases.add(
        "tdx-identity-of-sgx",
        "qe-identity-mismatch",
        p -> p.tdx(4).identity = json -> json.replace("TD_QE", "QE"));
    cases.add(
        "tdx-module-identity-no-object",
        "collateral-format",
        p ->
            p.tdx(4).tcbInfo =
                json -> json.replace("\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":[1,"));
    cases.add(
        "tdx-without-identities",
        "UpToDate",
        p -> {
          module0(p, "09000200");
          var levels = p.tcbInfo;
          p.tcbInfo = json -> levels.apply(json).replace("tdxModuleIdentities", "others");
        });
    cases.add("tdx-module-0", "UpToDate", p -> module0(p, "09000200"));
    cases.add("tdx-module-0-loader-below", "OutOfDate", p -> module0(p, "09000100"));
    cases.add("tdx-module-0-level-below", "tcb-not-recognised", p -> module0(p, "08000200"));
    cases.add("td10-v3", "quote-format", p -> p.tdx(4).version = 3);
    cases.add(
        "tdx-module-identity-twice",
        "collateral-format",
        p -> p.tdx(4).tcbInfo = json -> secondModule(json, "TDX_01"));
    cases.add(
        "tdx-module-identity-twice-by-case",
        "collateral-format",
        p -> p.tdx(4).tcbInfo = json -> secondModule(json, "tdx_01"));
    cases.add(
        "tdx-two-module-identities",
        "UpToDate",
        p -> p.tdx(4).tcbInfo = json -> secondModule(json, "TDX_03"));
    cases.add("tdx-sgx-part-below", "OutOfDate", p -> p.tdx(4).components[0] = 7);
    relaunch(cases);
  }

  private static void relaunch(Cases cases) {
    cases.add("relaunch", "TDRelaunchAdvised", p -> svn(p.tdx(5), "03010200"));
    cases.add(
        "relaunch-configuration",
        "TDRelaunchAdvisedConfigurationNeeded",
        p -> {
          svn(p.tdx(5), "03010200");
          p.tdxLevels.set(0, TestCollateral.tdxLevel(8, 2, "ConfigurationNeeded"));
        });
    cases.add(
        "relaunch-configuration-of-the-lower-level",
        "TDRelaunchAdvisedConfigurationNeeded",
        p -> {
          svn(p.tdx(5), "03010100");
          p.tdxLevels.set(1, TestCollateral.tdxLevel(8, 1, "OutOfDateConfigurationNeeded"));
        });
    cases.add(
        "relaunch-configuration-of-the-platform",
        "TDRelaunchAdvisedConfigurationNeeded",
        p -> {
          svn(p.tdx(5), "03010100");
          p.tdxLevels.set(0, TestCollateral.tdxLevel(8, 2, "ConfigurationNeeded"));
          p.tdxLevels.set(1, TestCollateral.tdxLevel(8, 1, "OutOfDate"));
        });
    cases.add(
        "relaunch-level-revoked",
        "Revoked",
        p -> {
          svn(p.tdx(5), "03010100");
          p.tdxLevels.set(1, TestCollateral.tdxLevel(8, 1, "Revoked"));
        });
    cases.add(
        "relaunch-not-for-the-loader-alone",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "04010100");
          p.tdxLevels.set(1, TestCollateral.tdxLevel(8, 1, "OutOfDate"));
        });
    cases.add(
        "relaunch-to-module-0-loader-below",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("09000100"), Bytes.zeros(12));
        });
    cases.add(
        "relaunch-not-for-td10",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.bodyType = 2;
        });
    cases.add(
        "relaunch-qe-below",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.qeSvn = 7;
        });
    cases.add(
        "relaunch-platform-below",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.components[0] = 7;
        });
    cases.add(
        "relaunch-module-not-newest",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("03010200"), Bytes.zeros(12));
        });
    cases.add(
        "relaunch-loader-not-newest",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("04010100"), Bytes.zeros(12));
        });
    cases.add(
        "relaunch-module-unknown",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("04020200"), Bytes.zeros(12));
        });
    cases.add(
        "relaunch-to-module-0",
        "TDRelaunchAdvised",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("09000200"), Bytes.zeros(12));
        });
    cases.add(
        "relaunch-to-module-0-below",
        "OutOfDate",
        p -> {
          svn(p.tdx(5), "03010200");
          p.teeTcbSvn2 = Bytes.concat(Bytes.hex("08000200"), Bytes.zeros(12));
        });
  }

  /** A module without an identity of its own, and levels that such a one reaches. */
  private static void module0(TestPki p, String svns) {
    svn(p.tdx(4), svns);
    p.tcbInfo = json -> json.replace("{\"svn\":9},{\"svn\":9}", "{\"svn\":9},{\"svn\":0}");
  }

  /** The same module identity once more, under {@code id}, before the one that is there. */
  private static String secondModule(String json, String id) {
    int from = json.indexOf("{\"id\":\"TDX_01\"");
    String module = json.substring(from, json.indexOf("}],\"tcbLevels\"", from) + 1);
    return json.substring(0, from) + module.replace("TDX_01", id) + "," + json.substring(from);
  }

  private static void svn(TestPki p, String start) {
    p.teeTcbSvn = Bytes.concat(Bytes.hex(start), Bytes.zeros(12));
  }

  private static void svn(TestPki p, String start, int module, int version) {
    svn(p, start);
    p.tcbInfo =
        json ->
            json.replace("TDX_01", "tdx_%02x".formatted(version))
                .replace("\"isvsvn\":4", "\"isvsvn\":" + module);
  }
}
