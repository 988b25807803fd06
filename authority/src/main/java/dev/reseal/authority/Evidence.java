package dev.reseal.authority;

import dev.reseal.authority.Decision.Keep;
import dev.reseal.authority.EvidenceJudge.Verdict.Genuine;
import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.ReportBody;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Claims;
import dev.reseal.wire.Code;
import dev.reseal.wire.InstanceMessage.GrantRequest;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Target;
import java.util.List;
import java.util.Optional;

/** The evidence check of protocol 6.2, in its order, on a quote that was judged. */
record Evidence(Identity identity) {
  static Evidence check(
      Row row,
      Operation operation,
      GrantRequest request,
      Bytes message,
      EvidenceJudge.Verdict verdict,
      boolean fresh) {
    Genuine genuine = genuine(verdict);
    ReportBody body = genuine.body();
    Admission.require(row.policy(), EnclaveIdentity.of(body));
    Claims claims = claims(request, body, fresh);
    Identity identity =
        new Identity(
            claims.instanceId(),
            claims.signatureKey(),
            claims.kemKey(),
            claims.tlsKey().spki().sha256(),
            body.mrEnclave(),
            body.isvProdId(),
            body.isvSvn(),
            genuine.platformKind(),
            genuine.platformId(),
            genuine.relaxed());
    target(operation, identity);
    Denied.unless(
        claims.lineage().equals(row.lineage())
            && claims.opId().equals(operation.opId())
            && claims.fence() == operation.fence(),
        Code.BINDING_MISMATCH,
        "CLAIMS",
        "the claims name another lineage or operation");
    Signed.verify(GrantRequest.class, message, claims.signatureKey());
    return new Evidence(identity);
  }

  private static Genuine genuine(EvidenceJudge.Verdict verdict) {
    return switch (verdict) {
      case Genuine genuine -> genuine;
      case EvidenceJudge.Verdict.Refused(var error) -> throw Denied.of(error);
    };
  }

  private static Claims claims(GrantRequest request, ReportBody body, boolean fresh) {
    Denied.unless(
        body.reportData().equals(Claims.reportData(request.claims())),
        Code.BINDING_MISMATCH,
        "REPORTDATA",
        "REPORTDATA is not that of these claims");
    Denied.unless(
        fresh, Code.BINDING_MISMATCH, "NONCE", "the nonce was not given out, was used, or is old");
    return Claims.decode(request.claims());
  }

  private static void target(Operation operation, Identity identity) {
    List<Target> same =
        operation.targets().stream()
            .filter(each ->
                each.mrenclave().equals(identity.mrenclave())
                    && each.isvProdId() == identity.isvProdId())
            .toList();
    Denied.unless(
        !same.isEmpty(),
        Code.MEASUREMENT_REFUSED,
        "TARGET",
        "measurement " + identity.mrenclave() + " is not a target of this operation");
    List<Target> newEnough =
        same.stream().filter(each -> each.leastIsvSvn() <= identity.isvSvn()).toList();
    if (newEnough.isEmpty()) {
      throw Admission.svn(identity.isvSvn(), same.getFirst().leastIsvSvn());
    }
    boolean placed =
        newEnough.stream()
            .anyMatch(each ->
                each.platformKind() == identity.platformKind()
                    && each.platformId().map(identity.platformId()::equals).orElse(true));
    Denied.unless(
        placed,
        Code.PLATFORM_REFUSED,
        "PLATFORM",
        "platform " + identity.platformId() + " is not the one that the operation names");
  }

  /**
   * At the commit: measurement, platform and floors acceptable now, by the same rules as for the
   * grant, whatever they were then.
   */
  static Genuine acceptableNow(
      Row row, Operation operation, Identity identity, Optional<EvidenceJudge.Verdict> verdict) {
    Genuine genuine =
        genuine(
            verdict.orElseThrow(() ->
                Denied.of(Code.WRONG_STATE, "NO_EVIDENCE", "the evidence of the grant is gone")));
    Admission.require(row.policy(), EnclaveIdentity.of(genuine.body()));
    target(operation, identity);
    return genuine;
  }

  /** Claims and quote, kept for judging again and for the proof. */
  Keep exhibit(Row row, GrantRequest request) {
    Bytes both = Cbor.array(Cbor.of(request.claims()), Cbor.of(request.evidence())).encode();
    return new Keep(Bytes.zeros(16), "exhibit-evidence", identity.instanceId(), both, List.of());
  }
}
