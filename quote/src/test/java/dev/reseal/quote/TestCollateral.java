package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import java.security.KeyPair;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The collateral of a test PKI, made from what it says now. */
final class TestCollateral {
  private final TestPki pki;

  TestCollateral(TestPki pki) {
    this.pki = pki;
  }

  Collateral build() {
    Map<Part, Bytes> parts = new EnumMap<>(Part.class);
    CertSpec identitySigner = pki.qeSigner.orElse(pki.tcbSigner);
    parts.put(
        Part.TCB_INFO_ISSUER_CHAIN,
        Bytes.ascii(pki.tcbSigner.pem(pki.root) + pki.root.pem(pki.root)));
    parts.put(
        Part.QE_IDENTITY_ISSUER_CHAIN,
        Bytes.ascii(identitySigner.pem(pki.root) + pki.root.pem(pki.root)));
    parts.put(
        Part.PCK_CRL_ISSUER_CHAIN,
        Bytes.ascii(pki.intermediate.pem(pki.root) + pki.root.pem(pki.root)));
    parts.put(Part.ROOT_CA_CRL, Bytes.wrap(pki.rootCrl.der(pki.root)));
    parts.put(Part.PCK_CRL, Bytes.wrap(pki.pckCrl.der(pki.intermediate)));
    String info = pki.tcbInfo.apply(pki.tee == Tee.TDX ? tdxTcbInfo() : sgxTcbInfo());
    parts.put(
        Part.TCB_INFO,
        Bytes.ascii(
            pki.tcbInfoSigned.apply(
                signed("tcbInfo", info, pki.tcbInfoKey.orElse(pki.tcbSigner.key)))));
    String qe = pki.identity.apply(qeIdentity());
    parts.put(
        Part.QE_IDENTITY,
        Bytes.ascii(
            pki.identitySigned.apply(
                signed("enclaveIdentity", qe, pki.identityKey.orElse(identitySigner.key)))));
    pki.missing.forEach(parts::remove);
    return new Collateral(parts);
  }

  private static String signed(String name, String inner, KeyPair key) {
    return "{\"%s\":".formatted(name)
        + inner
        + ",\"signature\":\"%s\"}".formatted(TestPki.sign(key, Bytes.ascii(inner)));
  }

  private String sgxTcbInfo() {
    return head("SGX", 3, pki.tcbIssued, pki.tcbUntil)
        + "\"fmspc\":\"%s\",\"pceId\":\"0000\",\"tcbType\":0,".formatted(TestPki.FMSPC)
        + "\"tcbEvaluationDataNumber\":%d,".formatted(pki.tcbEvaluation)
        + list(pki.levels)
        + "}";
  }

  private String tdxTcbInfo() {
    String module =
        "\"mrsigner\":\"%s\",\"attributes\":\"%s\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\""
            .formatted(TestPki.SEAM_SIGNER, "0000000000000000");
    return head("TDX", 3, pki.tcbIssued, pki.tcbUntil)
        + "\"fmspc\":\"%s\",\"pceId\":\"0000\",\"tcbType\":0,".formatted(TestPki.FMSPC)
        + "\"tcbEvaluationDataNumber\":%d,".formatted(pki.tcbEvaluation)
        + "\"tdxModule\":{%s},".formatted(module)
        + "\"tdxModuleIdentities\":[{\"id\":\"TDX_01\",%s,%s}],"
            .formatted(module, list(pki.moduleLevels))
        + list(pki.tdxLevels)
        + "}";
  }

  private String qeIdentity() {
    return head(pki.tee.identityId(), 2, pki.qeIssued, pki.qeUntil)
        + "\"tcbEvaluationDataNumber\":%d,".formatted(pki.qeEvaluation)
        + "\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\","
        + "\"attributes\":\"11000000000000000000000000000000\","
        + "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\","
        + "\"mrsigner\":\"%s\",\"isvprodid\":%d,".formatted(TestPki.QE_SIGNER, pki.product())
        + list(pki.qeLevels)
        + "}";
  }

  private static String head(String id, int version, Instant from, Instant until) {
    return "{\"id\":\"%s\",\"version\":%d,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\","
        .formatted(id, version, from, until);
  }

  private static String list(List<String> levels) {
    return "\"tcbLevels\":[" + String.join(",", levels) + "]";
  }

  static String sgxLevel(int first, int pceSvn, String status, String... advisories) {
    return level(sgxComponents(first) + ",\"pcesvn\":" + pceSvn, status, advisories);
  }

  static String tdxLevel(int first, int tdxFirst, String status, String... advisories) {
    int[] tdx = new int[16];
    tdx[0] = 9;
    tdx[1] = 9;
    tdx[2] = tdxFirst;
    return level(
        sgxComponents(first) + ",\"pcesvn\":11," + components("tdxtcbcomponents", tdx),
        status,
        advisories);
  }

  private static String sgxComponents(int first) {
    return components(
        "sgxtcbcomponents", new int[] {first, first, 2, 2, 1, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0});
  }

  static String components(String name, int[] svns) {
    List<String> all = new ArrayList<>();
    for (int svn : svns) {
      all.add("{\"svn\":%d}".formatted(svn));
    }
    return "\"%s\":[%s]".formatted(name, String.join(",", all));
  }

  static String svnLevel(int svn, String status, String... advisories) {
    return level("\"isvsvn\":" + svn, status, advisories);
  }

  private static String level(String tcb, String status, String... advisories) {
    String ids =
        advisories.length == 0
            ? ""
            : ",\"advisoryIDs\":[\"" + String.join("\",\"", advisories) + "\"]";
    return "{\"tcb\":{%s},\"tcbDate\":\"2026-02-11T00:00:00Z\",\"tcbStatus\":\"%s\"%s}"
        .formatted(tcb, status, ids);
  }
}
