package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Two identities side by side and what their difference breaks, on one platform at one TCB.
 *
 * @param differences fields that are not equal, in the order of the identity
 * @param consequences what the differences mean for sealed data and quotes
 */
public record IdentityComparison(List<Difference> differences, List<Consequence> consequences) {
  /** The sealing policy of the Intel SDK under KSS. */
  private static final int SDK_KSS_POLICY =
      KeyRequest.POLICY_MRSIGNER
          | KeyRequest.POLICY_CONFIGID
          | KeyRequest.POLICY_ISVFAMILYID
          | KeyRequest.POLICY_ISVEXTPRODID;

  private static final Attributes SDK_MASK = new Attributes(0xFF0000000000000BL, 0);
  private static final int SDK_MISC_MASK = 0xF0000000;

  public record Difference(String field, String first, String second) {}

  /**
   * One use of an identity.
   *
   * @param works whether what was made for the first serves the second
   * @param reason the field that breaks it, or what holds
   */
  public record Consequence(String use, boolean works, String reason) {}

  public IdentityComparison {
    differences = List.copyOf(differences);
    consequences = List.copyOf(consequences);
  }

  public static IdentityComparison of(EnclaveIdentity first, EnclaveIdentity second) {
    List<Consequence> consequences = new ArrayList<>();
    consequences.add(sealed("data sealed by the first under MRENCLAVE", first, second, 1));
    consequences.add(sealed("data sealed by the first under MRSIGNER", first, second, 2));
    if (first.kss()) {
      consequences.add(
          sealed("data sealed by the first, SDK default", first, second, SDK_KSS_POLICY));
    }
    consequences.add(
        sealed("data sealed by the second under MRENCLAVE, in the first", second, first, 1));
    consequences.add(
        sealed("data sealed by the second under MRSIGNER, in the first", second, first, 2));
    consequences.add(
        same(
            "quotes compared by MRENCLAVE",
            first.mrEnclave().equals(second.mrEnclave()),
            "MRENCLAVE"));
    consequences.add(signerQuotes(first, second));
    return new IdentityComparison(differences(first, second), consequences);
  }

  /**
   * Two measurements, where one of the files states nothing else. A use that also needs what is not
   * stated is listed only when the measurement alone breaks it.
   */
  public static IdentityComparison ofMeasurements(Bytes first, Bytes second) {
    List<Difference> differences = new ArrayList<>();
    differ(differences, "MRENCLAVE", first, second);
    boolean same = differences.isEmpty();
    List<Consequence> consequences = new ArrayList<>();
    consequences.add(same("a SIGSTRUCT for the first, at EINIT of the second", same, "MRENCLAVE"));
    consequences.add(same("quotes compared by MRENCLAVE", same, "MRENCLAVE"));
    if (!same) {
      consequences.add(
          same("data sealed by either under MRENCLAVE, in the other", false, "MRENCLAVE"));
    }
    return new IdentityComparison(differences, consequences);
  }

  private static Consequence sealed(
      String use, EnclaveIdentity sealer, EnclaveIdentity opener, int policy) {
    Bytes svn = Bytes.zeros(16);
    KeyRequest request =
        new KeyRequest(
            KeyRequest.SEAL_KEY,
            policy,
            sealer.isvSvn(),
            svn,
            SDK_MASK,
            Bytes.zeros(32),
            SDK_MISC_MASK,
            sealer.configSvn());
    Optional<String> here = Optional.of("here");
    SealDiagnosis diagnosis =
        SealDiagnosis.of(
            request,
            new SealParty(opener, here, Optional.of(svn)),
            Optional.of(new SealParty(sealer, here, Optional.of(svn))));
    List<String> causes = new ArrayList<>();
    for (SealFinding finding : diagnosis.findings()) {
      switch (finding) {
        case SealFinding.Differs differs -> causes.add(differs.input().label());
        case SealFinding.Refused refused ->
            causes.add(refused.input().label() + " " + refused.asked() + " above " + refused.own());
        case SealFinding.Same _, SealFinding.Unbound _, SealFinding.Unknown _ -> {}
      }
    }
    return causes.isEmpty()
        ? new Consequence(use, true, "every input of the key is the same or allowed")
        : new Consequence(use, false, String.join(", ", causes));
  }

  private static Consequence signerQuotes(EnclaveIdentity first, EnclaveIdentity second) {
    String use = "quotes compared by MRSIGNER, ISVPRODID and a floor of the first's ISVSVN";
    if (!first.mrSigner().equals(second.mrSigner())) {
      return new Consequence(use, false, "MRSIGNER");
    }
    if (first.isvProdId() != second.isvProdId()) {
      return new Consequence(use, false, "ISVPRODID");
    }
    return second.isvSvn() < first.isvSvn()
        ? new Consequence(use, false, "ISVSVN " + second.isvSvn() + " below " + first.isvSvn())
        : new Consequence(use, true, "same signer and product, ISVSVN not lower");
  }

  private static Consequence same(String use, boolean same, String field) {
    return new Consequence(use, same, same ? field + " is the same" : field);
  }

  private static List<Difference> differences(EnclaveIdentity first, EnclaveIdentity second) {
    List<Difference> found = new ArrayList<>();
    differ(found, "MRENCLAVE", first.mrEnclave(), second.mrEnclave());
    differ(found, "MRSIGNER", first.mrSigner(), second.mrSigner());
    differ(found, "ISVPRODID", first.isvProdId(), second.isvProdId());
    differ(found, "ISVSVN", first.isvSvn(), second.isvSvn());
    differ(found, "ATTRIBUTES", first.attributes(), second.attributes());
    differ(
        found,
        "MISCSELECT",
        "0x" + Integer.toHexString(first.miscSelect()),
        "0x" + Integer.toHexString(second.miscSelect()));
    differ(found, "CONFIGID", first.configId(), second.configId());
    differ(found, "CONFIGSVN", first.configSvn(), second.configSvn());
    differ(found, "ISVFAMILYID", first.isvFamilyId(), second.isvFamilyId());
    differ(found, "ISVEXTPRODID", first.isvExtProdId(), second.isvExtProdId());
    return found;
  }

  private static void differ(List<Difference> found, String field, Object first, Object second) {
    if (!first.equals(second)) {
      found.add(new Difference(field, first.toString(), second.toString()));
    }
  }
}
