package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.instance.Instance;
import dev.reseal.instance.State;
import dev.reseal.instance.Verb;
import dev.reseal.sealed.Slot;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Code;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What operators and supervisors ask for: who may, about which row, and what comes of it. */
class RequestsTest extends OnItsOwnWorld {
  @Test
  void aLineageIsBornAndServes() {
    Instance first = world.serving();
    assertThat(first.state()).isEqualTo(State.SERVING);
    assertThat(world.status().state()).isEqualTo("ACTIVE");
    assertThat(world.status().operation().epoch()).isEqualTo(1);
    assertThat(world.status().policy().lowered())
        .containsExactly("life_ms=2000", "skew_ms=200", "rekey_grace_s=2");
  }

  @Test
  void anUnknownLineageIsSaidToBeUnknown() {
    assertThat(refusal(world.service.get("status/" + World.LINEAGE)).code())
        .isEqualTo(Code.LINEAGE_MISMATCH);
    assertThat(refusal(world.service.get("named/nobody")).rule()).isEqualTo("UNKNOWN_LINEAGE");
    Ask ask = world.ask(Kind.GENESIS, true, Ask.NOTHING);
    assertThat(refusal(world.request(ask, world.operator)).rule()).isEqualTo("UNKNOWN_LINEAGE");
  }

  @Test
  void everyVerbIsForThoseWhomPolicyNames() {
    world.serving();
    SigningKey stranger = SigningKey.generate(Randomness.system());
    for (Kind kind : List.of(Kind.RESEAL, Kind.TAKEOVER, Kind.REKEY, Kind.ABORT, Kind.CLOSE)) {
      assertThat(refusal(world.request(world.ask(kind, false, Ask.NOTHING), stranger)).rule())
          .isEqualTo("SIGNER");
      boolean listed = kind == Kind.TAKEOVER || kind == Kind.ABORT;
      String rule =
          refusal(
                  world.request(
                      world.ask(listed ? Kind.REKEY : kind, false, Ask.NOTHING), world.supervisor))
              .rule();
      assertThat(rule).isEqualTo("DENY verb=" + (listed ? "rekey" : kind.wireName()));
    }
  }

  @Test
  void kindsOfLaterVersionsAreRefusedPlainly() {
    world.serving();
    for (Kind kind : List.of(Kind.UPGRADE, Kind.MIGRATE, Kind.RECOVER)) {
      assertThat(refusal(world.request(world.ask(kind, false, Ask.NOTHING), world.operator)).rule())
          .isEqualTo("NOT_IN_THIS_VERSION");
    }
  }

  @Test
  void t18TheSameOpIdWithAnotherPayloadIsRefused() {
    world.serving();
    Ask ask = world.ask(Kind.REKEY, true, Ask.NOTHING);
    answer(world.request(ask, world.operator));
    Ask other = new Ask(ask.head(), Kind.REKEY, Optional.empty(), List.of(), false, Ask.NOTHING);
    assertThat(refusal(world.request(other, world.operator)).code()).isEqualTo(Code.OP_CONFLICT);
  }

  @Test
  void t37ARequestAboutAnOlderRowIsFenced() {
    world.serving();
    Ask held = world.ask(Kind.RESEAL, true, Ask.NOTHING);
    world.begin(Kind.REKEY, true);
    assertThat(refusal(world.request(held, world.operator)).code()).isEqualTo(Code.FENCED);
  }

  @Test
  void anAbortDestroysThePreparedKeysAndIsFoundAgainByItsOperation() {
    Instance old = world.serving();
    int before = world.keys.names().size();
    Bytes opId = world.sealed(old, true);
    assertThat(world.keys.names()).hasSize(before + 2);
    Bytes abort = answer(world.request(world.ask(Kind.ABORT, false, Ask.NOTHING), world.operator));
    assertThat(world.keys.names()).hasSize(before);
    assertThat(answer(world.service.get("abort/" + World.LINEAGE + "/" + opId))).isEqualTo(abort);
    World.done(old.obey(Verb.ABORT, abort));
    Instance next = world.activate(world.sealed(old, true));
    assertThat(next.gen()).contains(2L);
  }

  @Test
  void t32ARekeyChangesNeitherHeadNorEpoch() {
    Instance active = world.serving();
    Bytes head = world.status().head().orElseThrow().bodyId();
    Ask ask = world.ask(Kind.REKEY, true, Ask.NOTHING);
    Bytes grant = answer(world.request(ask, world.operator));
    assertThat(world.status().operation().gen()).isEqualTo(2);
    assertThat(world.status().operation().epoch()).isEqualTo(1);
    assertThat(world.status().head().orElseThrow().bodyId()).isEqualTo(head);
    World.done(active.obey(Verb.REKEY_GRANT, grant));
    assertThat(active.gen()).contains(2L);
  }

  @Test
  void aRekeyMakesWhatTheRunningInstanceKnowsAndTheNextActivationWhatPolicySays() {
    Instance active = world.serving();
    rename();
    world.begin(Kind.REKEY, true);
    assertThat(purpose(2)).isEqualTo("records");
    world.activate(world.sealed(active, true));
    assertThat(purpose(3)).isEqualTo("payments");
  }

  @Test
  void anInstanceUnderTheOldKeysHasTheOldPurposesWhateverPolicyNames() {
    Instance active = world.serving();
    rename();
    active = world.activate(world.sealed(active, false));
    assertThat(epochPurposes()).containsExactly("records");
    world.activate(world.sealed(active, true));
    assertThat(epochPurposes()).containsExactly("payments");
  }

  @Test
  void aRowFullOfKeysThatNobodyRetiredTakesNoReseal() {
    world.serving();
    Row row = world.stored();
    Keys keys = row.keys();
    while (keys.wraps().size() < Operations.WRAPS_MAX) {
      keys = keys.plusWrap(new Keys.Wrap(Bytes.sha256(Bytes.u64(keys.wraps().size())), 1));
    }
    world.put(row.withKeys(keys));
    WireError full =
        World.refusal(world.request(world.ask(Kind.RESEAL, false, Ask.NOTHING), world.operator));
    assertThat(full.rule()).isEqualTo("RETIRE_FIRST");
    assertThat(full.detail()).contains("reseal retire ");
  }

  private List<String> epochPurposes() {
    Row row = world.stored();
    return row.epochEssentials(row.incumbent().orElseThrow()).purposes();
  }

  /** A newer policy names other purposes. */
  private void rename() {
    String renamed = world.policy("").replace("[\"records\"]", "[\"payments\"]");
    answer(world.applied(renamed));
  }

  private String purpose(int generation) {
    String prefix = "gen/" + World.LINEAGE + "/" + generation + "/";
    String name =
        world.keys.names().stream().filter(key -> key.startsWith(prefix)).findFirst().orElseThrow();
    try (Secret stored = world.keys.get(name).orElseThrow()) {
      Fields entry = Fields.ofArray(stored.use(Bytes::of), "generation").nested(0);
      return entry.text(0);
    }
  }

  @Test
  void t12AKeyThatTheHeadNeedsIsNotRetired() {
    Instance active = world.serving();
    world.checkpoint(active);
    Bytes needed =
        Slot.decode(world.status().head().orElseThrow().slots()).getFirst().header().wrapId();
    Ask ask = world.ask(Kind.RETIRE, false, new Ask.Extra.Keys(List.of(needed), List.of()));
    assertThat(refusal(world.request(ask, world.operator)).rule()).isEqualTo("KEY_NEEDED");
    Ask gen = world.ask(Kind.RETIRE, false, new Ask.Extra.Keys(List.of(), List.of(1L)));
    assertThat(refusal(world.request(gen, world.operator)).rule()).isEqualTo("KEY_NEEDED");
  }

  @Test
  void t17AfterRetireOldGrantsAndKeysAreGone() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, false);
    Instance candidate = world.instance();
    Bytes request = world.attest(candidate, opId);
    Bytes grant = answer(world.service.post("grant-request", request));
    assertThat(answer(world.service.post("grant-request", request))).isEqualTo(grant);
    Instance next = world.activate(opId);
    assertThat(refusal(world.retireAll()).rule()).isEqualTo("HEAD_NOT_OURS");
    world.checkpoint(next);
    assertThat(world.status().retirable().wrapIds()).hasSize(1);
    Bytes retired = answer(world.retireAll());
    World.done(next.obey(Verb.RETIRED, retired));
    assertThat(world.status().retirable().wrapIds()).isEmpty();
    assertThat(wraps()).hasSize(1);
    assertThat(refusal(world.service.post("grant-request", request)).code())
        .isEqualTo(Code.KEY_DESTROYED);
  }

  @Test
  void t17RetiredIsNotAnsweredWhileTheKeyStoreHasTheKey() {
    Power power = Power.of(world);
    world.checkpoint(world.activate(world.sealed(world.serving(), false)));
    Status.Retirable can = world.status().retirable();
    Ask ask = world.ask(Kind.RETIRE, false, new Ask.Extra.Keys(can.wrapIds(), can.gens()));
    power.fails(3);
    assertThat(refusal(world.request(ask, world.operator)).code()).isEqualTo(Code.UNAVAILABLE);
    power.fails(1);
    assertThat(refusal(world.request(ask, world.operator)).code()).isEqualTo(Code.UNAVAILABLE);
    assertThat(wraps()).hasSize(2);
    answer(world.request(ask, world.operator));
    assertThat(wraps()).hasSize(1);
  }

  private List<String> wraps() {
    return world.keys.names().stream().filter(name -> name.startsWith("wrap/")).toList();
  }

  @Test
  void aClosedLineageKeepsItsKeysUntilNoPassportIsValidAndIsNeverBornAgain() {
    world.serving();
    answer(world.request(world.ask(Kind.CLOSE, false, Ask.NOTHING), world.operator));
    assertThat(world.keys.names()).isNotEmpty();
    world.service.eraseClosed();
    assertThat(world.keys.names()).as("a passport may be valid still").isNotEmpty();
    world.clocks.pass(2_500);
    world.service.eraseClosed();
    assertThat(world.keys.names()).isEmpty();
    assertThat(world.status().state()).isEqualTo("CLOSED");
    assertThat(refusal(world.applied(world.policy(""))).code()).isEqualTo(Code.WRONG_STATE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "binding": "enclave" | "binding": "signer"
          "recovery"           | "attribute_mask": "0300000000000000ff00000000000000", "recovery"
          "recovery"           | "misc_mask": 1, "recovery"
          """)
  void whatASealedStateIsUnderStaysAsLongAsThereIsOne(String from, String to) {
    String other = world.policy("").replace(from, to);
    assertThat(answer(world.applied(other))).isNotNull();
    assertThat(answer(world.applied(world.policy("")))).isNotNull();
    world.serving();
    assertThat(refusal(world.applied(other)).rule()).isEqualTo("SEALED_UNDER");
  }

  @Test
  void aPolicyRequestThatWasKeptDoesNotUndoALaterOne() {
    world.born();
    String wanted = world.policy(", \"max_grants\": 3");
    Ask kept = world.newer(wanted);
    answer(world.applied(world.policy(", \"max_grants\": 2")));
    WireError refused = refusal(world.request(kept, world.operator));
    assertThat(refused.rule()).isEqualTo("POLICY_REPLACED");
    assertThat(refused.code()).isEqualTo(Code.FENCED);
    assertThat(refused.detail()).contains(World.bytes(world.policy("")).sha256().toHex());
    Ask first = world.ask(Kind.POLICY, false, file(wanted, Optional.empty()));
    assertThat(refusal(world.request(first, world.operator)).rule()).isEqualTo("POLICY_REPLACED");
    answer(world.applied(wanted));
    assertThat(world.status().policy().file()).isEqualTo(World.bytes(wanted).sha256());
  }

  @Test
  void aLineageIsBornWithNothingToReplace() {
    Ask ask = world.ask(Kind.POLICY, false, file(world.policy(""), Optional.of(Bytes.zeros(32))));
    WireError refused = refusal(world.request(ask, world.operator));
    assertThat(refused.rule()).isEqualTo("POLICY_REPLACED");
    world.born();
  }

  private static Ask.Extra file(String policy, Optional<Bytes> replaces) {
    return new Ask.Extra.PolicyFile(World.bytes(policy), replaces);
  }
}
