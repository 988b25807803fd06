package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** TCB info and QE identity: signatures, JSON, fields. */
final class CollateralCases {
  private CollateralCases() {}

  static void addTo(Cases cases) {
    signedJson(cases);
  }

  private static void signedJson(Cases cases) {
    cases.add(
        "tcb-info-by-another",
        "tcb-info-signature",
        p -> p.tcbInfoKey = Optional.of(CertSpec.newKey("secp256r1")));
    cases.add(
        "identity-by-another",
        "qe-identity-signature",
        p -> p.identityKey = Optional.of(CertSpec.newKey("secp256r1")));
    cases.add(
        "tcb-info-edited",
        "tcb-info-signature",
        p -> p.tcbInfoSigned = json -> json.replace("OutOfDate", "UpToDate"));
    cases.add(
        "tcb-info-spaced",
        "tcb-info-signature",
        p -> p.tcbInfoSigned = json -> json.replaceFirst(",", ", "));
    cases.add(
        "identity-edited",
        "qe-identity-signature",
        p -> p.identitySigned = json -> json.replace("\"isvprodid\":1", "\"isvprodid\":2"));
    cases.add(
        "tcb-info-second-object",
        "collateral-format",
        p -> p.tcbInfoSigned = json -> json.replaceFirst("\\{", "{\"tcbInfo \":{},"));
    cases.add(
        "tcb-info-twice",
        "collateral-format",
        p -> p.tcbInfoSigned = json -> json.replaceFirst("\\{", "{\"tcbInfo\":{},"));
    cases.add(
        "tcb-info-duplicate-key",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replaceFirst("\\{", "{\"fmspc\":\"000000000000\","));
    cases.add(
        "tcb-info-version-1",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("\"version\":3", "\"version\":1"));
    cases.add(
        "tcb-info-version-4",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("\"version\":3", "\"version\":4"));
    cases.add("tcb-info-version-2", "UpToDate", p -> p.tcbInfo = CollateralCases::version2);
    cases.add(
        "tcb-info-version-2-first-component",
        "OutOfDate",
        p -> {
          p.tcbInfo = CollateralCases::version2;
          p.components[0] = 7;
        });
    cases.add(
        "tcb-info-version-2-last-component",
        "tcb-not-recognised",
        p -> p.tcbInfo = json -> version2(json).replace("comp16svn\":0", "comp16svn\":1"));
    cases.add(
        "tcb-info-version-2-without-component",
        "collateral-format",
        p -> p.tcbInfo = json -> version2(json).replace("comp16svn", "comp17svn"));
    cases.add(
        "sgx-with-tdx-members",
        "UpToDate",
        p ->
            p.tcbInfo =
                json -> json.replace("\"tcbType\"", "\"tdxModuleIdentities\":[1],\"tcbType\""));
    cases.add(
        "level-of-17-components",
        "collateral-format",
        p ->
            p.tcbInfo =
                json -> json.replaceFirst("\\{\"svn\":0\\}\\]", "{\"svn\":0},{\"svn\":0}]"));
    cases.add(
        "component-no-object",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replaceFirst("\\{\"svn\":8\\}", "8"));
    cases.add(
        "level-no-object",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("\"tcbLevels\":[", "\"tcbLevels\":[1,"));
    cases.add(
        "tcb-type-1",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("\"tcbType\":0", "\"tcbType\":1"));
    cases.add(
        "identity-version-3",
        "collateral-format",
        p -> p.identity = json -> json.replace("\"version\":2", "\"version\":3"));
    cases.add(
        "svn-256",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replaceFirst("\"svn\":8", "\"svn\":256"));
    cases.add(
        "svn-negative",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replaceFirst("\"svn\":8", "\"svn\":-1"));
    cases.add(
        "svn-as-text",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replaceFirst("\"svn\":8", "\"svn\":\"8\""));
    cases.add(
        "fmspc-short",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace(TestPki.FMSPC, "00906ed5"));
    cases.add(
        "date-without-zone",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("00:00:00Z", "00:00:00"));
    cases.add(
        "tcb-info-for-other-tee",
        "tcb-info-mismatch",
        p -> {
          TestPki td = new TestPki().tdx(4);
          p.tcbInfo = _ -> tdxInfoOf(td);
        });
    cases.add(
        "tcb-info-other-id",
        "collateral-format",
        p -> p.tcbInfo = json -> json.replace("\"id\":\"SGX\"", "\"id\":\"sgx\""));
  }

  /** Version 2 has no id and names each component. */
  private static String version2(String json) {
    return Pattern.compile("\"sgxtcbcomponents\":\\[(.*?)\\]")
        .matcher(json.replace("\"id\":\"SGX\",\"version\":3", "\"version\":2"))
        .replaceAll(list -> named(list.group(1)));
  }

  private static String named(String components) {
    List<String> all = new ArrayList<>();
    for (String component : components.split(",")) {
      all.add(component.replace("{\"svn\"", "\"sgxtcbcomp%02dsvn\"".formatted(all.size() + 1)));
    }
    return String.join(",", all).replace("}", "");
  }

  private static String tdxInfoOf(TestPki td) {
    Bytes info = td.build().collateral().part(Part.TCB_INFO).orElseThrow();
    String text = new String(info.toArray(), java.nio.charset.StandardCharsets.US_ASCII);
    return text.substring("{\"tcbInfo\":".length(), text.indexOf(",\"signature\""));
  }
}
