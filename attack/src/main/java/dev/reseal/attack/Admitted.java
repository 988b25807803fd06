package dev.reseal.attack;

import static dev.reseal.attack.Host.done;

import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.authority.EvidenceJudge.Verdict;
import dev.reseal.authority.PolicyFile;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Verb;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.wire.Ask;
import dev.reseal.wire.InstanceMessage.GrantRequest;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which enclaves may have the state: A13 to A15. Several checks give the same rule, so each try is
 * arranged for one of them: no other would refuse it.
 */
final class Admitted {
  private static final long[] NEVER = {
    Attributes.DEBUG, Attributes.PROVISIONKEY, Attributes.EINITTOKENKEY
  };

  private Admitted() {}

  static List<Attack> rows() {
    return List.of(
        new Live(
            "A13",
            true,
            "get a DEBUG enclave, or one with provisioning keys, accepted",
            new Falls(Admitted::debugTrusted),
            new Rule("PLATFORM_REFUSED/ATTRIBUTES"),
            Admitted::debugCandidate),
        new Live(
            "A14",
            false,
            "sign another image with the leaked signing key",
            new Falls(Admitted::signersImageOpens),
            new Rule("MEASUREMENT_REFUSED"),
            Admitted::signersImage),
        new Live(
            "A15",
            false,
            "go back to an older ISVSVN",
            new Falls(Admitted::oldVersionOpens),
            new Rule("MEASUREMENT_REFUSED/ISVSVN, MEASUREMENT_REFUSED, MEASUREMENT_REFUSED/TARGET"),
            Admitted::oldVersion));
  }

  private static Ending debugTrusted(Stage stage) {
    NaiveEnclave debug = new NaiveEnclave(stage.machine(), with(Attributes.DEBUG));
    return stage.relyingParty().accepts(debug.quote, debug.tls.verifyKey())
        ? new Ending.Won("a DEBUG enclave is trusted; its memory is the host's to read")
        : new Ending.Harmless("it is not trusted");
  }

  private static EnclaveIdentity with(long attribute) {
    EnclaveIdentity admitted = Enclave.admitted();
    return Enclave.of(admitted.mrEnclave(), admitted.attributes().with(attribute), 2);
  }

  private static EnclaveIdentity version(int isvSvn) {
    return Enclave.of(Enclave.IMAGE, Enclave.admitted().attributes(), isvSvn);
  }

  private static Ending debugCandidate(Stage stage) throws IOException {
    Host host = stage.host();
    Bytes opId = host.sealed(host.serving(1), false);
    Site site = host.site;
    List<Ending> endings = new ArrayList<>();
    for (long bit : NEVER) {
      endings.add(judged(host, host.attest(host.create(with(bit)), opId)));
    }
    String pinned = "\"attribute_mask\": \"" + Enclave.admitted().attributes().encode() + "\"";
    Site.answer(
        site.applied(
            site.policy().replace("\"least_isvsvn\": 2", "\"least_isvsvn\": 2, " + pinned)));
    // No policy forbids this bit by itself: what refuses it is the mask of this measurement.
    endings.add(candidate(host, opId, with(Attributes.KSS)));
    Site.answer(site.applied(site.policy()));
    site.judge = (evidence, _, _) -> genuine(site, evidence);
    site.restart();
    for (long bit : NEVER) {
      endings.add(candidate(host, opId, with(bit)));
    }
    honest(host, opId, Enclave.admitted());
    return Endings.all(endings);
  }

  /** By the verifier of quotes, without the authority's own look at attributes. */
  private static Ending judged(Host host, Bytes request) {
    Site site = host.site;
    Bytes quote = Signed.peek(GrantRequest.class, request).evidence();
    Bytes policy = Bytes.wrap(site.policy().getBytes(StandardCharsets.UTF_8));
    return switch (site.judge.judge(
        quote, PolicyFile.parse(policy).getFirst(), Instant.ofEpochMilli(site.clocks.wallMs()))) {
      case Verdict.Refused(var error) ->
          new Ending.Refused(Endings.name(error.code(), error.rule()), error.detail());
      case Verdict.Genuine _ -> new Ending.Won("the verifier of quotes takes it");
    };
  }

  /** As a verifier of quotes would say that does not look at attributes. */
  private static Verdict genuine(Site site, Bytes quote) {
    var machine = site.machine.info();
    return new Verdict.Genuine(
        NaiveRelyingParty.report(quote), machine.kind(), machine.id(), false, false, Bytes.EMPTY);
  }

  private static Ending candidate(Host host, Bytes opId, EnclaveIdentity identity) {
    return Endings.of(asked(host, opId, identity), "it was granted");
  }

  private static Reply asked(Host host, Bytes opId, EnclaveIdentity identity) {
    return host.site.authority.post("grant-request", host.attest(host.create(identity), opId));
  }

  /** Without this a refusal would say nothing: by the same way an honest one is granted. */
  private static void honest(Host host, Bytes opId, EnclaveIdentity identity) {
    Site.answer(asked(host, opId, identity));
  }

  private static EnclaveIdentity thiefs() {
    Bytes image = Bytes.ascii("the thief's image").sha256();
    return Enclave.of(image, Enclave.admitted().attributes(), 2);
  }

  private static Ending signersImageOpens(Stage stage) {
    NaiveEnclave service = new NaiveEnclave(stage.machine());
    service.state = "all customers";
    NaiveEnclave thief = new NaiveEnclave(stage.machine(), thiefs()).start(service.seal());
    return new Ending.Won("an image that nobody reviewed holds " + thief.state);
  }

  private static Ending signersImage(Stage stage) throws IOException {
    Host host = stage.host();
    Bytes opId = host.sealed(host.serving(1), false);
    return candidate(host, opId, thiefs());
  }

  private static Ending oldVersionOpens(Stage stage) {
    NaiveEnclave service = new NaiveEnclave(stage.machine());
    service.state = "all customers";
    NaiveEnclave old = new NaiveEnclave(stage.machine(), version(1)).start(service.seal());
    return stage.relyingParty().accepts(old.quote, old.tls.verifyKey())
        ? new Ending.Won("the version with the known hole holds " + old.state + ", and is trusted")
        : new Ending.Harmless("the old version is not trusted");
  }

  private static Ending oldVersion(Stage stage) throws IOException {
    return Endings.all(
        List.of(
            belowThePolicy(stage),
            belowThePolicyAtTheCommit(stage),
            belowTheTarget(stage),
            targetBelowThePolicy(stage),
            targetBelowTheActive(stage)));
  }

  private static void floor(Host host, int isvSvn) {
    String policy = host.site.policy();
    String raised = policy.replace("\"least_isvsvn\": 2", "\"least_isvsvn\": " + isvSvn);
    Site.answer(host.site.applied(raised));
  }

  /** The floor rises once the operation has begun, which still names the lower one. */
  private static Ending belowThePolicy(Stage stage) throws IOException {
    Host host = stage.host();
    Bytes opId = host.sealed(host.serving(1), false);
    floor(host, 3);
    Ending ending = candidate(host, opId, version(2));
    honest(host, opId, version(3));
    return ending;
  }

  /** It rises between grant and commit. */
  private static Ending belowThePolicyAtTheCommit(Stage stage) throws IOException {
    Host host = stage.host();
    Bytes opId = host.sealed(host.serving(1), false);
    Instance candidate = host.create(version(2));
    Bytes ready = host.ready(candidate, opId);
    floor(host, 3);
    Ending ending = Endings.of(host.site.authority.post("ready", ready), "it was activated");
    floor(host, 2);
    done(candidate.obey(Verb.ACTIVATION, Site.answer(host.site.authority.post("ready", ready))));
    return ending;
  }

  /** The policy would take the old version; the operation, which names the active one, does not. */
  private static Ending belowTheTarget(Stage stage) throws IOException {
    Host host = stage.host();
    Instance active = host.serving(1);
    floor(host, 1);
    Bytes opId = host.sealed(active, false);
    Ending ending = candidate(host, opId, version(1));
    honest(host, opId, version(2));
    return ending;
  }

  /** An operation for the active version, which the policy takes no more. */
  private static Ending targetBelowThePolicy(Stage stage) throws IOException {
    Host host = stage.host();
    host.serving(1);
    floor(host, 3);
    return refused(host, 2, 3);
  }

  /** An operation for an older version than the active one, which the policy would take. */
  private static Ending targetBelowTheActive(Stage stage) throws IOException {
    Host host = stage.host();
    host.serving(1);
    floor(host, 1);
    return refused(host, 1, 2);
  }

  /** What became of an operation for one version; then one for the other begins. */
  private static Ending refused(Host host, int old, int good) {
    Ending ending = Endings.of(reseal(host, old), "an operation for version " + old + " began");
    if (ending instanceof Ending.Refused) {
      Site.answer(reseal(host, good));
    }
    return ending;
  }

  private static Reply reseal(Host host, int isvSvn) {
    Site site = host.site;
    Ask ask = site.ask(Kind.RESEAL, false, Ask.NOTHING);
    Target here = site.target(Enclave.IMAGE, Optional.of(site.machine.info().id()));
    Target target =
        new Target(
            here.mrenclave(), here.isvProdId(), isvSvn, here.platformKind(), here.platformId());
    Ask other = new Ask(ask.head(), ask.kind(), ask.mode(), List.of(target), false, Ask.NOTHING);
    return site.request(other, site.operator);
  }
}
