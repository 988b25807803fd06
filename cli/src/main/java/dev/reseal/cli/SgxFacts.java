package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Artifact;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.IntelMetadata;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.Measured;
import dev.reseal.sgx.OpenEnclaveImage;
import dev.reseal.sgx.QuoteHeader;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.ReportBody;
import dev.reseal.sgx.SdkSealed;
import dev.reseal.sgx.SgxsStream;
import dev.reseal.sgx.SigStruct;
import dev.reseal.sgx.SignatureCheck;
import dev.reseal.sgx.TargetInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/** The words for SGX structures. */
final class SgxFacts {
  private SgxFacts() {}

  static Facts of(Artifact artifact) {
    return switch (artifact) {
      case Artifact.IntelElf(List<Artifact.MeasuredBlock> blocks) -> intel(blocks);
      case Artifact.OpenEnclaveElf(var image, var measurement) -> openEnclave(image, measurement);
      case Artifact.Sgxs(SgxsStream.Contents contents) -> sgxs(contents);
      case Artifact.Signature(SigStruct sigStruct) ->
          new Facts()
              .put("kind", "SIGSTRUCT (Gramine or Fortanix .sig)")
              .put("sigstruct", sigStruct(sigStruct));
      case Artifact.ReportFile(Report report) ->
          new Facts()
              .put("kind", "REPORT")
              .put("body", body(report.body()))
              .put("keyid", report.keyId().toHex())
              .put("mac", report.mac().toHex())
              .put("note", "the MAC can only be checked inside the enclave it was made for");
      case Artifact.ReportBodyFile(ReportBody body) ->
          new Facts().put("kind", "REPORT body").put("body", body(body));
      case Artifact.TargetInfoFile(TargetInfo target) -> target(target);
      case Artifact.KeyRequestFile(KeyRequest request) ->
          new Facts().put("kind", "KEYREQUEST").put("request", request(request));
      case Artifact.Quote(QuoteHeader header, long size) -> quote(header, size);
      case Artifact.Sealed(SdkSealed blob) ->
          new Facts()
              .put("kind", "sealed blob of the Intel SDK")
              .put("request", request(blob.keyRequest()))
              .put("ciphertext_bytes", blob.ciphertext().size())
              .put("clear_text_bytes", blob.clearText().size());
    };
  }

  private static Facts intel(List<Artifact.MeasuredBlock> blocks) {
    List<Facts> all = new ArrayList<>();
    for (Artifact.MeasuredBlock block : blocks) {
      IntelMetadata metadata = block.metadata();
      Facts facts =
          new Facts()
              .put("version", metadata.version())
              .put("hosts", metadata.edmm() ? "with EDMM (SGX2)" : "without EDMM");
      measured(facts, block.measured());
      facts
          .put(
              "signed_for",
              block.matches()
                  ? "this measurement"
                  : "ANOTHER measurement, " + metadata.sigStruct().body().enclaveHash())
          .put("sigstruct", sigStruct(metadata.sigStruct()));
      all.add(facts);
    }
    Facts facts = new Facts().put("kind", "enclave of the Intel SDK (ELF)");
    if (blocks.size() > 1) {
      facts.put("note", "one identity per kind of host: a policy must allow each that is used");
    }
    return facts.put("block", all);
  }

  private static Facts openEnclave(
      OpenEnclaveImage image, Artifact.OpenEnclaveMeasurement measurement) {
    Facts facts =
        new Facts()
            .put("kind", "enclave of Open Enclave or EGo (ELF)")
            .put("heap_pages", image.heapPages())
            .put("stack_pages", image.stackPages())
            .put("threads", image.threads());
    switch (measurement) {
      case Artifact.OpenEnclaveMeasurement.Done(Measured measured) -> measured(facts, measured);
      case Artifact.OpenEnclaveMeasurement.NotPossible(String why) ->
          facts.put("not_measured", why + "; the MRENCLAVE below is the signed one");
    }
    if (image.sigStruct().isEmpty()) {
      return facts.put("note", "not signed: it has no identity yet");
    }
    return facts.put("sigstruct", sigStruct(image.sigStruct().get()));
  }

  private static Facts sgxs(SgxsStream.Contents contents) {
    Facts facts = new Facts().put("kind", "SGXS stream");
    measured(facts, contents.measured());
    return facts
        .put("measured_chunks", contents.measuredChunks())
        .put("unmeasured_chunks", contents.unmeasuredChunks())
        .put("ssa_frame_pages", contents.ssaFramePages())
        .put("note", "unsigned: the signer, product and version are in its .sig file");
  }

  private static void measured(Facts facts, Measured measured) {
    facts
        .put("mrenclave", measured.mrEnclave().toHex())
        .put("size_bytes", measured.size())
        .put("pages", measured.pages())
        .put("measured_pages", measured.measuredPages())
        .put("epc_pages", measured.epcPages());
  }

  static Facts sigStruct(SigStruct sigStruct) {
    SigStruct.Body body = sigStruct.body();
    String signature =
        switch (sigStruct.check()) {
          case SignatureCheck.Genuine _ -> "RSA-3072 signature, Q1 and Q2 verify";
          case SignatureCheck.Forged(SignatureCheck.Part part) -> "BAD: " + part.text();
        };
    return new Facts()
        .put("signature", signature)
        .put("mrsigner", sigStruct.mrSigner().toHex())
        .put("mrenclave", body.enclaveHash().toHex())
        .put("isvprodid", body.isvProdId())
        .put("isvsvn", body.isvSvn())
        .put("attributes", body.attributes().toString())
        .put("attribute_mask", body.attributeMask().encode().toHex())
        .put("debug", debug(body))
        .put("miscselect", "0x%08x".formatted(body.miscSelect()))
        .put("misc_mask", "0x%08x".formatted(body.miscMask()))
        .put("isvfamilyid", body.isvFamilyId().toHex())
        .put("isvextprodid", body.isvExtProdId().toHex())
        .put("date", "%08x".formatted(body.date()))
        .put("vendor", body.intel() ? "Intel" : "not Intel");
  }

  private static String debug(SigStruct.Body body) {
    if (!body.attributeMask().has(Attributes.DEBUG)) {
      return "left to whoever starts it";
    }
    return body.attributes().has(Attributes.DEBUG) ? "required" : "forbidden";
  }

  private static Facts body(ReportBody body) {
    return new Facts()
        .put("cpusvn", body.cpuSvn().toHex())
        .put("identity", identity(EnclaveIdentity.of(body)))
        .put("reportdata", body.reportData().toHex());
  }

  static Facts identity(EnclaveIdentity identity) {
    return new Facts()
        .put("mrenclave", identity.mrEnclave().toHex())
        .put("mrsigner", identity.mrSigner().toHex())
        .put("isvprodid", identity.isvProdId())
        .put("isvsvn", identity.isvSvn())
        .put("attributes", identity.attributes().toString())
        .put("miscselect", "0x%08x".formatted(identity.miscSelect()))
        .put("configid", identity.configId().toHex())
        .put("configsvn", identity.configSvn())
        .put("isvfamilyid", identity.isvFamilyId().toHex())
        .put("isvextprodid", identity.isvExtProdId().toHex());
  }

  private static Facts target(TargetInfo target) {
    return new Facts()
        .put("kind", "TARGETINFO")
        .put("mrenclave", target.mrEnclave().toHex())
        .put("attributes", target.attributes().toString())
        .put("miscselect", "0x%08x".formatted(target.miscSelect()))
        .put("configid", target.configId().toHex())
        .put("configsvn", target.configSvn());
  }

  static Facts request(KeyRequest request) {
    return new Facts()
        .put("key", keyName(request.keyName()))
        .put("policy", policy(request))
        .put("isvsvn", request.isvSvn())
        .put("cpusvn", request.cpuSvn().toHex())
        .put("attribute_mask", request.attributeMask().encode().toHex())
        .put("misc_mask", "0x%08x".formatted(request.miscMask()))
        .put("configsvn", request.configSvn())
        .put("keyid", request.keyId().toHex());
  }

  private static String keyName(int name) {
    return switch (name) {
      case KeyRequest.EINITTOKEN_KEY -> "EINITTOKEN";
      case KeyRequest.PROVISION_KEY -> "PROVISION";
      case KeyRequest.PROVISION_SEAL_KEY -> "PROVISION_SEAL";
      case KeyRequest.REPORT_KEY -> "REPORT";
      case KeyRequest.SEAL_KEY -> "SEAL";
      default -> "unknown (" + name + ")";
    };
  }

  private static String policy(KeyRequest request) {
    StringJoiner bits = new StringJoiner("|", "", " (0x%02x)".formatted(request.keyPolicy()));
    bits.setEmptyValue("none (0x00)");
    add(bits, request, KeyRequest.POLICY_MRENCLAVE, "MRENCLAVE");
    add(bits, request, KeyRequest.POLICY_MRSIGNER, "MRSIGNER");
    add(bits, request, KeyRequest.POLICY_NOISVPRODID, "NOISVPRODID");
    add(bits, request, KeyRequest.POLICY_CONFIGID, "CONFIGID");
    add(bits, request, KeyRequest.POLICY_ISVFAMILYID, "ISVFAMILYID");
    add(bits, request, KeyRequest.POLICY_ISVEXTPRODID, "ISVEXTPRODID");
    return bits.toString();
  }

  private static void add(StringJoiner bits, KeyRequest request, int bit, String name) {
    if (request.binds(bit)) {
      bits.add(name);
    }
  }

  private static Facts quote(QuoteHeader header, long size) {
    Bytes qeId = header.userData().slice(0, 16);
    Facts facts =
        new Facts()
            .put("kind", "quote, version " + header.version())
            .put("tee", header.teeType() == QuoteHeader.TEE_SGX ? "SGX" : "TDX")
            .put("attestation_key_type", header.attestationKeyType())
            .put("qe_svn", header.qeSvn())
            .put("pce_svn", header.pceSvn())
            .put("qe_id", qeId.toHex())
            .put("bytes", size)
            .put("note", "claims only, nothing was verified: use reseal verify");
    header.body().ifPresent(body -> facts.put("body", body(body)));
    return facts;
  }
}
