package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether an enclave gets the key that a blob was sealed with, input by input of the derivation
 * (SDM volume 3D, EGETKEY). A pure function of the request in the blob, the enclave that opens and,
 * as far as it is known, the one that sealed.
 *
 * @param findings in the order of {@link SealInput}
 */
public record SealDiagnosis(List<SealFinding> findings) {
  /** The answer in one word. */
  public enum Outcome {
    OPENS,
    /** At least one input differs or is refused. */
    DOES_NOT_OPEN,
    /** Nothing known differs, but something that matters is not known. */
    UNDECIDED
  }

  public SealDiagnosis {
    findings = List.copyOf(findings);
  }

  public Outcome outcome() {
    boolean unknown = false;
    for (SealFinding finding : findings) {
      switch (finding) {
        case SealFinding.Differs _, SealFinding.Refused _ -> {
          return Outcome.DOES_NOT_OPEN;
        }
        case SealFinding.Unknown _ -> unknown = true;
        case SealFinding.Same _, SealFinding.Unbound _ -> {}
      }
    }
    return unknown ? Outcome.UNDECIDED : Outcome.OPENS;
  }

  /** Diagnoses {@code request} for {@code opener}, sealed by {@code sealer} if that is known. */
  public static SealDiagnosis of(KeyRequest request, SealParty opener, Optional<SealParty> sealer) {
    return new Run(request, opener, sealer).diagnose();
  }

  /** Takes one value out of an identity, as text. */
  private interface Field {
    String of(EnclaveIdentity identity);
  }

  private static final class Run {
    private final KeyRequest request;
    private final SealParty opener;
    private final Optional<SealParty> sealer;
    private final List<SealFinding> findings = new ArrayList<>();

    Run(KeyRequest request, SealParty opener, Optional<SealParty> sealer) {
      this.request = request;
      this.opener = opener;
      this.sealer = sealer;
    }

    SealDiagnosis diagnose() {
      requestItself();
      measurements();
      versions();
      configuration();
      attributes();
      platform();
      findings.sort((a, b) -> a.input().compareTo(b.input()));
      return new SealDiagnosis(findings);
    }

    private void requestItself() {
      String policy = "policy 0x%02x".formatted(request.keyPolicy());
      boolean kss = opener.identity().kss();
      if (request.keyName() != KeyRequest.SEAL_KEY) {
        refuse(
            SealInput.REQUEST,
            "INVALID_KEYNAME",
            "key name " + request.keyName(),
            "4 (SEAL)",
            "this is no request for a sealing key; take the blob as it was written");
      } else if ((request.keyPolicy() & ~KeyRequest.POLICY_KNOWN) != 0) {
        refuse(
            SealInput.REQUEST,
            "#GP",
            policy,
            "bits within 0x3f",
            "reserved policy bits are set: the blob is damaged");
      } else if ((request.keyPolicy() & KeyRequest.POLICY_KSS) != 0 && !kss) {
        refuse(
            SealInput.REQUEST,
            "#GP",
            policy + ", which needs KSS",
            "an enclave without KSS",
            "open it with an enclave signed with the KSS attribute");
      } else {
        findings.add(new SealFinding.Same(SealInput.REQUEST, "SEAL, " + policy));
      }
    }

    private void measurements() {
      bound(
          SealInput.MRENCLAVE,
          KeyRequest.POLICY_MRENCLAVE,
          "the policy does not bind the measurement",
          identity -> identity.mrEnclave().toHex(),
          "run the image that sealed it; an upgrade needs a hand-over by the old image, or"
              + " MRSIGNER");
      bound(
          SealInput.MRSIGNER,
          KeyRequest.POLICY_MRSIGNER,
          "the policy does not bind the signer",
          identity -> identity.mrSigner().toHex(),
          "sign the image with the key of the image that sealed it");
      if (request.binds(KeyRequest.POLICY_NOISVPRODID)) {
        unbound(SealInput.ISVPRODID, "policy NOISVPRODID");
      } else {
        compare(
            SealInput.ISVPRODID,
            identity -> Integer.toString(identity.isvProdId()),
            "sign the image with the product id of the one that sealed it");
      }
      bound(
          SealInput.ISVFAMILYID,
          KeyRequest.POLICY_ISVFAMILYID,
          "the policy does not bind the family",
          identity -> identity.isvFamilyId().toHex(),
          "sign the image with the family id of the one that sealed it");
      bound(
          SealInput.ISVEXTPRODID,
          KeyRequest.POLICY_ISVEXTPRODID,
          "the policy does not bind the extended product id",
          identity -> identity.isvExtProdId().toHex(),
          "sign the image with the extended product id of the one that sealed it");
    }

    private void versions() {
      svn(
          SealInput.ISVSVN,
          request.isvSvn(),
          opener.identity().isvSvn(),
          "sign the image with ISVSVN " + request.isvSvn() + " or above");
      svn(
          SealInput.CONFIGSVN,
          request.configSvn(),
          opener.identity().configSvn(),
          "create the enclave with CONFIGSVN " + request.configSvn() + " or above");
      if (opener.cpuSvn().isEmpty()) {
        findings.add(
            new SealFinding.Unknown(
                SealInput.CPUSVN,
                "not given",
                "the platform is at " + request.cpuSvn() + " or above in every component"));
      } else if (!covers(opener.cpuSvn().get(), request.cpuSvn())) {
        refuse(
            SealInput.CPUSVN,
            "INVALID_CPUSVN",
            request.cpuSvn().toHex(),
            opener.cpuSvn().get().toHex(),
            "bring the microcode of this platform to the level at which it was sealed");
      } else {
        findings.add(
            new SealFinding.Same(SealInput.CPUSVN, request.cpuSvn() + " (asked for, allowed)"));
      }
    }

    private void svn(SealInput input, int asked, int own, String remedy) {
      if (asked > own) {
        refuse(input, "INVALID_ISVSVN", Integer.toString(asked), Integer.toString(own), remedy);
      } else {
        findings.add(new SealFinding.Same(input, asked + " (asked for, own is " + own + ")"));
      }
    }

    private void configuration() {
      bound(
          SealInput.CONFIGID,
          KeyRequest.POLICY_CONFIGID,
          "the policy does not bind the configuration",
          identity -> identity.configId().toHex(),
          "create the enclave with the CONFIGID it had when it sealed");
    }

    private void attributes() {
      compare(
          SealInput.DEBUG,
          identity -> identity.debug() ? "debug" : "production",
          "debug and production enclaves never share keys: start it as it was when it sealed");
      Attributes mask = request.attributeMask().with(Attributes.INIT).without(Attributes.DEBUG);
      masked(
          SealInput.ATTRIBUTES,
          mask.flags(),
          identity -> "0x" + Long.toHexString(identity.attributes().flags() & mask.flags()),
          "create the enclave with the attributes it had when it sealed");
      masked(
          SealInput.XFRM,
          mask.xfrm(),
          identity -> "0x" + Long.toHexString(identity.attributes().xfrm() & mask.xfrm()),
          "create the enclave with the same XFRM; the CPU features of the host changed it");
      masked(
          SealInput.MISCSELECT,
          request.miscMask(),
          identity -> "0x" + Integer.toHexString(identity.miscSelect() & request.miscMask()),
          "create the enclave with the same MISCSELECT");
    }

    private void platform() {
      Optional<String> sealed = sealer.flatMap(SealParty::platform);
      if (sealed.isEmpty() || opener.platform().isEmpty()) {
        findings.add(
            new SealFinding.Unknown(
                SealInput.PLATFORM,
                opener.platform().orElse("not given"),
                "it is the processor that sealed, with the same owner epoch"));
      } else if (sealed.equals(opener.platform())) {
        findings.add(new SealFinding.Same(SealInput.PLATFORM, sealed.get()));
      } else {
        findings.add(
            new SealFinding.Differs(
                SealInput.PLATFORM,
                sealed.get(),
                opener.platform().get(),
                "sealing keys never leave a processor: open it there, or migrate the state"));
      }
    }

    private void masked(SealInput input, long mask, Field field, String remedy) {
      if (mask == 0) {
        unbound(input, "the mask is 0");
      } else {
        compare(input, field, remedy);
      }
    }

    private void bound(SealInput input, int policy, String why, Field field, String remedy) {
      if (request.binds(policy)) {
        compare(input, field, remedy);
      } else {
        unbound(input, why);
      }
    }

    private void compare(SealInput input, Field field, String remedy) {
      String opening = field.of(opener.identity());
      if (sealer.isEmpty()) {
        findings.add(
            new SealFinding.Unknown(input, opening, "it is the value that the sealer had"));
        return;
      }
      String sealed = field.of(sealer.get().identity());
      findings.add(
          sealed.equals(opening)
              ? new SealFinding.Same(input, opening)
              : new SealFinding.Differs(input, sealed, opening, remedy));
    }

    private void unbound(SealInput input, String why) {
      findings.add(new SealFinding.Unbound(input, why));
    }

    private void refuse(SealInput input, String error, String asked, String own, String remedy) {
      findings.add(new SealFinding.Refused(input, error, asked, own, remedy));
    }
  }

  /** Whether {@code own} is at or above {@code asked} in each of its 16 components. */
  private static boolean covers(Bytes own, Bytes asked) {
    for (int i = 0; i < own.size(); i++) {
      if (Byte.compareUnsigned(own.at(i), asked.at(i)) < 0) {
        return false;
      }
    }
    return true;
  }
}
