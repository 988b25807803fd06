package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.mutation.Scene;
import dev.reseal.mutation.Table;
import dev.reseal.mutation.Trial;
import dev.reseal.proof.Finding;
import dev.reseal.proof.ProofVerifier;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.sgx.MalformedException;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Kind;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.PhaseTimes;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Proofs of real operations: they verify under the right anchors and under nothing else. */
class ProofTest extends OnItsOwnWorld {
  private Bytes proof(Bytes opId) {
    return answer(world.service.get("proof/" + World.LINEAGE + "/" + opId));
  }

  private ProofVerifier verifier() throws MalformedException {
    return new ProofVerifier(world.signer.verifyKey(), TrustAnchors.ofPem(world.machine.rootPem()));
  }

  @Test
  void aResealIsProvenWithBothMeasurementsAndItsRetire() throws MalformedException {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, true);
    Bytes body = world.status().head().orElseThrow().bodyId();
    Instance next = world.activate(opId);
    world.checkpoint(next);
    answer(world.retireAll());
    Finding.Proven proven = (Finding.Proven) verifier().verify(proof(opId));
    assertThat(proven.kind()).isEqualTo(Kind.RESEAL);
    assertThat(proven.bodyId()).isEqualTo(body);
    assertThat(proven.before()).contains(World.IMAGE);
    assertThat(proven.after()).isEqualTo(World.IMAGE);
    assertThat(proven.instanceId()).isEqualTo(next.instanceId());
    assertThat(proven.epoch()).isEqualTo(2);
    assertThat(proven.gen()).isEqualTo(2);
    assertThat(proven.destroyedWrapIds()).hasSize(1);
  }

  @Test
  void aProofTellsOfTheFirstRetireThatNamedKeysAndStaysSo() throws MalformedException {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, true);
    Instance next = world.activate(opId);
    world.checkpoint(next);
    answer(retire(new Status.Retirable(List.of(), List.of())));
    Status.Retirable first = world.status().retirable();
    answer(retire(first));
    Bytes log = log(proof(opId));
    next.raiseGenFloor(2);
    world.checkpoint(next);
    Status.Retirable later = world.status().retirable();
    assertThat(later.gens()).containsExactly(1L);
    answer(retire(later));
    assertThat(log(proof(opId))).isEqualTo(log);
    Finding.Proven proven = (Finding.Proven) verifier().verify(proof(opId));
    assertThat(proven.destroyedWrapIds()).isEqualTo(first.wrapIds()).isNotEmpty();
    assertThat(proven.destroyedGens()).isEmpty();
  }

  private Endpoint.Reply retire(Status.Retirable those) {
    Ask.Extra keys = new Ask.Extra.Keys(those.wrapIds(), those.gens());
    return world.request(world.ask(Kind.RETIRE, false, keys), world.operator);
  }

  /** Field 8 of the proof file. */
  private static Bytes log(Bytes proof) {
    Fields file = Fields.ofMap(Fields.ofArray(proof, "proof").blob(0, proof.size()), "proof_file");
    return ((Cbor.Array) file.any(8)).encode();
  }

  @Test
  void theTimesThatASupervisorReportsAreInTheProofAndTheFirstReportStays()
      throws MalformedException {
    Bytes opId = world.sealed(world.serving(), true);
    SortedMap<Long, Long> micros = new TreeMap<>(Map.of(4L, 2_000L, 12L, 30_500L));
    assertThat(
            refusal(world.service.post(PhaseTimes.NAME, times(opId, micros, world.supervisor)))
                .rule())
        .isEqualTo("NOT_COMMITTED");
    world.activate(opId);
    world.service.post(PhaseTimes.NAME, times(opId, micros, world.supervisor));
    Bytes before = proof(opId);
    assertThat(((Finding.Proven) verifier().verify(before)).phaseMicros()).isEqualTo(micros);
    micros.put(4L, 1L);
    world.service.post(PhaseTimes.NAME, times(opId, micros, world.supervisor));
    assertThat(ProofVerifier.reported(proof(opId))).isEqualTo(ProofVerifier.reported(before));
  }

  @Test
  void timesOfSomebodyElseAreRefused() {
    Bytes opId = world.sealed(world.serving(), true);
    world.activate(opId);
    SigningKey stranger = SigningKey.generate(Randomness.system());
    Bytes message = times(opId, new TreeMap<>(Map.of(4L, 1L)), stranger);
    assertThat(refusal(world.service.post(PhaseTimes.NAME, message)).rule()).isEqualTo("SIGNER");
  }

  private static Bytes times(Bytes opId, SortedMap<Long, Long> micros, SigningKey key) {
    return Cose.sign(PhaseTimes.NAME, new PhaseTimes(World.LINEAGE, opId, micros).encode(), key);
  }

  @Test
  void genesisAndTakeoverAreProvenToo() throws MalformedException {
    world.born();
    Bytes genesis = world.begin(Kind.GENESIS, true);
    Instance first = world.activate(genesis);
    world.checkpoint(first);
    world.clocks.pass(2_500);
    Bytes takeover = world.begin(Kind.TAKEOVER, false);
    world.activate(takeover);
    assertThat(((Finding.Proven) verifier().verify(proof(genesis))).before()).isEmpty();
    Finding.Proven proven = (Finding.Proven) verifier().verify(proof(takeover));
    assertThat(proven.kind()).isEqualTo(Kind.TAKEOVER);
    assertThat(proven.before()).contains(World.IMAGE);
  }

  @Test
  void everyChangedByteFailsAtEveryOffset() throws MalformedException {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, true);
    world.activate(opId);
    Bytes proof = proof(opId);
    ProofVerifier verifier = verifier();
    assertThat(verifier.verify(proof)).isInstanceOf(Finding.Proven.class);
    byte[] changed = proof.toArray();
    for (int at = 0; at < changed.length; at++) {
      changed[at] ^= (byte) (1 << (at % 8));
      assertThat(verifier.verify(Bytes.of(changed)))
          .as("offset %d", at)
          .isInstanceOf(Finding.Refused.class);
      changed[at] ^= (byte) (1 << (at % 8));
    }
  }

  /** spec/mutations.vec: each message of a proof, and the one around it, wrong in every way. */
  @TestFactory
  Stream<DynamicTest> everyCellOfTheVerifier() throws IOException {
    ProofScenes proofs = new ProofScenes(world);
    Map<String, Scene.Set> scenes = new TreeMap<>();
    for (MessageType type : MessageType.values()) {
      proofs.of(type).ifPresent(scene -> scenes.put(type.wireName(), () -> scene));
    }
    return Trial.all(Table.read().of("verifier"), scenes).stream()
        .map(trial -> DynamicTest.dynamicTest(trial.name(), trial::run));
  }

  @Test
  void everyTruncationFails() throws MalformedException {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, true);
    world.activate(opId);
    Bytes proof = proof(opId);
    ProofVerifier verifier = verifier();
    for (int size = 0; size < proof.size(); size += 17) {
      assertThat(verifier.verify(proof.slice(0, size))).isInstanceOf(Finding.Refused.class);
    }
  }

  @Test
  void otherAnchorsProveNothing() throws MalformedException {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, true);
    world.activate(opId);
    Bytes proof = proof(opId);
    SigningKey other = SigningKey.generate(Randomness.system());
    TrustAnchors root = TrustAnchors.ofPem(world.machine.rootPem());
    assertThat(field(new ProofVerifier(other.verifyKey(), root).verify(proof))).isEqualTo("proof");
    assertThat(field(new ProofVerifier(world.signer.verifyKey(), TrustAnchors.INTEL).verify(proof)))
        .isEqualTo("evidence");
  }

  private static String field(Finding finding) {
    return switch (finding) {
      case Finding.Refused(String field, _) -> field;
      case Finding.Proven proven -> throw new AssertionError("proven: " + proven);
    };
  }

  @Test
  void anOperationThatIsNotCommittedHasNoProof() {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, true);
    assertThat(refusal(world.service.get("proof/" + World.LINEAGE + "/" + opId)).rule())
        .isEqualTo("NOT_COMMITTED");
  }
}
