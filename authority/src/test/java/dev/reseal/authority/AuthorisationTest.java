package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Code;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Target;
import dev.reseal.wire.WireError;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may ask and what is admitted; each denial prints the line that would allow it. */
class AuthorisationTest extends OnItsOwnWorld {
  private static final Bytes OTHER = Bytes.ascii("another image").sha256();

  private Policy policy(String json) {
    return PolicyFile.parse(World.bytes(json)).getFirst();
  }

  private static WireError denied(Policy policy, Bytes request) {
    return switch (Authorisation.test(policy, request)) {
      case Authorisation.Verdict.Refused(WireError error) -> error;
      case Authorisation.Verdict.Allowed allowed -> throw new AssertionError(allowed);
    };
  }

  private static List<String> allowed(Policy policy, Bytes request) {
    return switch (Authorisation.test(policy, request)) {
      case Authorisation.Verdict.Refused(WireError error) -> throw new AssertionError(error);
      case Authorisation.Verdict.Allowed(var _, List<String> by) -> by;
    };
  }

  private Bytes request(Kind kind, SigningKey by, Target... targets) {
    Ask ask = world.ask(kind, false, Ask.NOTHING);
    return world.signed(
        new Ask(ask.head(), kind, ask.mode(), List.of(targets), false, Ask.NOTHING), by);
  }

  private Target target(Bytes mrenclave, long svn) {
    return new Target(mrenclave, 1, svn, 2, Optional.empty());
  }

  @Test
  void whoAsksIsAllowedByTheEntryThatNamesHim() {
    Policy policy = policy(world.policy(""));
    assertThat(allowed(policy, request(Kind.REKEY, world.operator)))
        .containsExactly("operators[0]");
    assertThat(allowed(policy, request(Kind.TAKEOVER, world.supervisor)))
        .containsExactly("supervisors[0].may takeover");
    assertThat(allowed(policy, request(Kind.GENESIS, world.operator, target(World.IMAGE, 2))))
        .containsExactly("operators[0]", "allowed[0]", "platforms[0]");
  }

  /** The line goes where it says, and the same request passes. */
  @Test
  void theLineThatADenialPrintsAllowsTheRequest() {
    String json = world.policy("");
    String supervisor = world.supervisor.verifyKey().spki().toHex();
    String may = "\"may\": [\"takeover\", \"abort\", \"retire\"]";
    record Case(String policy, Bytes request, UnaryOperator<String> edit, String with) {}
    Stream.of(
            new Case(
                json.replace(may, "\"may\": [\"abort\"]"),
                request(Kind.TAKEOVER, world.supervisor),
                line -> "\"may\": [\"abort\"]",
                ""),
            new Case(
                json,
                request(Kind.RESEAL, world.supervisor),
                line -> "\"operators\": [\"" + world.operator.verifyKey().spki() + "\"]",
                supervisor),
            new Case(
                json,
                request(Kind.GENESIS, world.operator, target(OTHER, 2)),
                line ->
                    "\"allowed\": [{\"mrenclave\": \"%s\", \"isvprodid\": 1, \"least_isvsvn\": 2}]"
                        .formatted(World.IMAGE),
                OTHER.toHex()))
        .forEach(each -> {
          WireError error = denied(policy(each.policy()), each.request());
          String line = error.allow().orElseThrow();
          assertThat(line).contains(each.with());
          String changed = each.policy().replace(each.edit().apply(line), line);
          assertThat(changed).isNotEqualTo(each.policy());
          assertThat(allowed(policy(changed), each.request())).isNotEmpty();
        });
  }

  @Test
  void theLineThatADenialPrintsAdmitsTheEnclave() {
    String entry = "{\"mrenclave\": \"" + World.IMAGE + "\", \"isvprodid\": 1, \"least_isvsvn\": 2";
    EnclaveIdentity usual = world.identity();
    EnclaveIdentity kss = identity(usual.attributes().with(Attributes.KSS), 2, Bytes.zeros(64));
    EnclaveIdentity configured = identity(usual.attributes(), 2, Bytes.hex("ab".repeat(64)));
    EnclaveIdentity old = identity(usual.attributes(), 1, Bytes.zeros(64));
    String masked =
        world
            .policy("")
            .replace(
                entry, entry + ", \"attribute_mask\": \"" + usual.attributes().encode() + "\"");
    admitsWith(masked, kss, "\"attribute_mask\": \"" + usual.attributes().encode() + "\"");
    admitsWith(
        world.policy("").replace(entry, entry + ", \"configid\": \"" + Bytes.zeros(64) + "\""),
        configured,
        "\"configid\": \"" + Bytes.zeros(64) + "\"");
    admitsWith(world.policy(""), old, "\"least_isvsvn\": 2");
    assertThat(Admission.by(policy(world.policy("")), usual)).isEqualTo("allowed[0]");
  }

  private void admitsWith(String json, EnclaveIdentity identity, String replaced) {
    String line = Admission.denial(policy(json), identity).orElseThrow().allow().orElseThrow();
    assertThat(json).contains(replaced);
    assertThat(Admission.denial(policy(json.replace(replaced, line)), identity)).isEmpty();
  }

  private EnclaveIdentity identity(Attributes attributes, int svn, Bytes configId) {
    EnclaveIdentity usual = world.identity();
    return new EnclaveIdentity(
        usual.mrEnclave(),
        usual.mrSigner(),
        attributes,
        0,
        usual.isvProdId(),
        svn,
        configId,
        0,
        usual.isvFamilyId(),
        usual.isvExtProdId());
  }

  @Test
  void aRequestOfAnotherLineageOrAStrangerIsRefusedByName() {
    Policy policy = policy(world.policy(""));
    Policy other = policy(world.policy("").replace(World.LINEAGE.toHex(), "12".repeat(16)));
    assertThat(denied(other, request(Kind.REKEY, world.operator)).code())
        .isEqualTo(Code.LINEAGE_MISMATCH);
    SigningKey stranger = SigningKey.generate(Randomness.system());
    assertThat(denied(policy, request(Kind.REKEY, stranger)).rule()).isEqualTo("SIGNER");
    assertThat(denied(policy, Bytes.ascii("no message")).code()).isEqualTo(Code.CORRUPT);
  }

  private final SigningKey first = SigningKey.generate(Randomness.system());
  private final SigningKey second = SigningKey.generate(Randomness.system());

  private String approvals(String kind, int least) {
    return ", \"approvals\": {\"%s\": {\"least\": %d, \"of\": [\"%s\", \"%s\"]}}"
        .formatted(kind, least, first.verifyKey().spki(), second.verifyKey().spki());
  }

  private Bytes approved(Ask ask, SigningKey... by) {
    List<Bytes> approvals =
        Stream.of(by).map(key -> Cose.sign(Request.APPROVAL, ask.encode().sha256(), key)).toList();
    return Signed.sign(Request.of(ask, approvals), world.operator).cose();
  }

  @Test
  void approvalsThatAreListedAreNeededAndCountedByKey() {
    answer(world.request(world.newer(world.policy(approvals("rekey", 2))), world.operator));
    world.activate(world.begin(Kind.GENESIS, true));
    Ask ask = world.ask(Kind.REKEY, true, Ask.NOTHING);
    WireError none = refusal(world.service.post("request", approved(ask)));
    assertThat(none.code()).isEqualTo(Code.NEED_APPROVAL);
    assertThat(none.number()).contains(2L);
    assertThat(refusal(world.service.post("request", approved(ask, first, first))).number())
        .as("one key approves once")
        .contains(1L);
    Ask other = world.ask(Kind.REKEY, true, Ask.NOTHING);
    Bytes borrowed =
        Signed.sign(
                Request.of(
                    ask, List.of(Cose.sign(Request.APPROVAL, other.encode().sha256(), first))),
                world.operator)
            .cose();
    assertThat(refusal(world.service.post("request", borrowed)).rule()).isEqualTo("APPROVAL");
    answer(world.service.post("request", approved(ask, first, second)));
  }

  /** Otherwise one operator could strike the approvals first and then do without them. */
  @Test
  void aPolicyThatLoosensWhatApprovalsGuardNeedsThem() {
    answer(world.request(world.newer(world.policy(approvals("takeover", 2))), world.operator));
    String without = world.policy("");
    String otherImage =
        world.policy(approvals("takeover", 2)).replace(World.IMAGE.toHex(), OTHER.toHex());
    String recovery =
        world
            .policy(approvals("takeover", 2))
            .replace("\"recovery\": \"none\"", "\"recovery\": \"authority\"");
    String binding =
        world
            .policy(approvals("takeover", 2))
            .replace("\"binding\": \"enclave\"", "\"binding\": \"signer\"");
    for (String looser : List.of(without, otherImage, recovery, binding)) {
      WireError error =
          refusal(world.service.post("request", approved(world.newer(looser), first)));
      assertThat(error.code()).isEqualTo(Code.NEED_APPROVAL);
      assertThat(error.number()).contains(1L);
    }
    String dial =
        world.policy(approvals("takeover", 2)).replace("\"life_ms\": 2000", "\"life_ms\": 3000");
    answer(world.request(world.newer(dial), world.operator));
    answer(world.service.post("request", approved(world.newer(without), first, second)));
    answer(world.request(world.newer(otherImage), world.operator));
  }
}
