package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Code;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Target;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireError;
import dev.reseal.wire.WireException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Whether a policy lets somebody ask (protocol 7, 23.2): one rule for the register and for whoever
 * tests a policy file. It looks at signer, kind, approvals and targets; whether the row of the
 * lineage allows the event now is not its business.
 *
 * @param by the entry of the policy that lets this signer ask
 */
public record Authorisation(Signed<Request> signed, Ask ask, Set<Bytes> approvers, String by) {
  /** What a policy says to a request. */
  public sealed interface Verdict {
    /** The entries of the policy file that together allow it. */
    record Allowed(Kind kind, List<String> by) implements Verdict {}

    record Refused(WireError error) implements Verdict {}
  }

  /** Judges a request (message 1) without a register. */
  public static Verdict test(Policy policy, Bytes message) {
    try {
      Authorisation found = of(policy, message);
      List<String> by = new ArrayList<>(List.of(found.by()));
      for (Target target : found.ask().targets()) {
        by.addAll(target(policy, target));
      }
      return new Verdict.Allowed(found.ask().kind(), by);
    } catch (Denied denied) {
      return new Verdict.Refused(denied.error());
    } catch (WireException malformed) {
      return new Verdict.Refused(WireError.of(malformed));
    }
  }

  static Authorisation of(Policy policy, Bytes message) {
    Signed<Request> signed = signed(policy, message);
    Ask ask = signed.message().decodeAsk();
    Denied.unless(
        ask.head().lineage().equals(policy.essentials().lineage()),
        Code.LINEAGE_MISMATCH,
        "LINEAGE_MISMATCH",
        "a request about lineage " + ask.head().lineage());
    Set<Bytes> approvers = approvers(policy, signed.message(), ask);
    String by = by(policy, ask.kind(), signed.kid());
    approved(policy, ask.kind(), ask.kind(), approvers);
    return new Authorisation(signed, ask, approvers, by);
  }

  private static Signed<Request> signed(Policy policy, Bytes message) {
    List<VerifyKey> keys = new ArrayList<>(policy.operators());
    policy.supervisors().forEach(each -> keys.add(each.key()));
    try {
      return Signed.verify(Request.class, message, keys);
    } catch (WireException refused) {
      if (refused.rule() != WireException.Rule.SIGNER) {
        throw refused;
      }
      throw Denied.of(
              Code.POLICY_REFUSED,
              "SIGNER",
              "policy lists no key " + Cose.parse(message, 1 << 17).kid())
          .allow("\"operators\": [SPKI] or \"supervisors\": [{\"key\": SPKI, \"may\": [KIND]}]");
    }
  }

  private static String by(Policy policy, Kind kind, Bytes kid) {
    for (int i = 0; i < policy.operators().size(); i++) {
      if (policy.operators().get(i).kid().equals(kid)) {
        return "operators[" + i + "]";
      }
    }
    for (int i = 0; i < policy.supervisors().size(); i++) {
      Policy.Supervisor each = policy.supervisors().get(i);
      if (each.key().kid().equals(kid) && each.may().contains(kind)) {
        return "supervisors[" + i + "].may " + kind.wireName();
      }
    }
    throw Denied.of(
            Code.POLICY_REFUSED,
            "DENY verb=" + kind.wireName(),
            "this supervisor may not ask for it")
        .allow(line(policy, kind, kid));
  }

  /** Three kinds can be left to a host; whoever asks for another one must be an operator. */
  private static String line(Policy policy, Kind kind, Bytes kid) {
    if (PolicyFile.HOST_KINDS.contains(kind)) {
      return "\"may\": [\"" + kind.wireName() + "\"]";
    }
    return policy.supervisors().stream()
        .filter(each -> each.key().kid().equals(kid))
        .map(each -> "\"operators\": [\"" + each.key().spki() + "\"]")
        .findFirst()
        .orElseThrow();
  }

  /** Throws {@link Denied} while approvals that policy asks for {@code rule} are missing. */
  static void approved(Policy policy, Kind rule, Kind asked, Set<Bytes> approvers) {
    int missing = policy.missing(rule, approvers);
    if (missing > 0) {
      throw Denied.of(Code.NEED_APPROVAL, asked.wireName() + " lacks " + missing + " approvals")
          .number(missing);
    }
  }

  /** Key ids of those whose approval of this very ask is attached. */
  private static Set<Bytes> approvers(Policy policy, Request request, Ask ask) {
    Set<Bytes> kids = new HashSet<>();
    List<VerifyKey> keys =
        policy.approvals().values().stream().flatMap(each -> each.of().stream()).toList();
    for (Bytes approval : request.approvals()) {
      Cose envelope = Cose.parse(approval, 1024);
      Bytes digest = envelope.verify(Request.APPROVAL, keys);
      Denied.unless(
          digest.equals(request.ask().sha256()),
          Code.BINDING_MISMATCH,
          "APPROVAL",
          "an approval of another " + ask.kind().wireName());
      kids.add(envelope.kid());
    }
    return kids;
  }

  /** The entries that let a target become active; {@link Denied} where there are none. */
  static List<String> target(Policy policy, Target target) {
    Optional<Policy.Allowed> allowed =
        policy
            .allows(target.mrenclave(), target.isvProdId())
            .filter(each -> each.leastIsvSvn() <= target.leastIsvSvn());
    if (allowed.isEmpty()) {
      throw Denied.of(
              Code.MEASUREMENT_REFUSED, "policy does not allow measurement " + target.mrenclave())
          .allow(Admission.line(target.mrenclave(), target.isvProdId(), target.leastIsvSvn()));
    }
    for (int i = 0; i < policy.platforms().size(); i++) {
      if (policy.platforms().get(i).kind() == target.platformKind()) {
        return List.of(
            "allowed[" + policy.allowed().indexOf(allowed.get()) + "]", "platforms[" + i + "]");
      }
    }
    throw Denied.of(
            Code.PLATFORM_REFUSED,
            "PLATFORM",
            "policy names no platform of kind " + target.platformKind())
        .allow(
            "\"platforms\": [{\"kind\": \"%s\", \"root_spki_sha256\": SHA256}]"
                .formatted(target.platformKind() == 1 ? "sgx" : "emulated"));
  }
}
