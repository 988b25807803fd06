package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.instance.State;
import dev.reseal.instance.Verb;
import dev.reseal.wire.Ask;
import dev.reseal.wire.AuthorityMessage.Ticket;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Signed;
import dev.reseal.wire.WireError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a permit pins while collateral is unreachable (protocol 7), with the real verifier. */
class PermitTest extends OnItsOwnWorld {
  private static final long PERMIT_MS = 900_000;

  private Path collateral;

  @BeforeEach
  void make() {
    collateral = home.resolve("platform/collateral");
  }

  private void takeAway() throws IOException {
    Files.move(collateral, home.resolve("away"));
  }

  private void putBack() throws IOException {
    Files.move(home.resolve("away"), collateral);
  }

  @Test
  void aPermitCarriesTheOperationThroughWithoutAnyCollateral() throws IOException {
    Instance old = world.serving();
    Bytes opId = world.sealed(old, true);
    takeAway();
    Instance next = world.activate(opId);
    assertThat(next.state()).isEqualTo(State.SERVING);
    assertThat(answer(world.service.get("proof/" + World.LINEAGE + "/" + opId)).size())
        .as("the proof shows the collateral that judged")
        .isGreaterThan(1_000);
  }

  @Test
  void theTicketNamesWhatItPinned() throws IOException {
    world.serving();
    Ask ask = world.ask(Kind.RESEAL, true, Ask.NOTHING);
    Bytes ticket = answer(world.request(ask, world.operator));
    Bytes stored =
        world
            .store
            .answer(
                new Store.AnswerKey(
                    World.LINEAGE, ask.head().opId(), Assessment.PIN, Bytes.zeros(32)))
            .orElseThrow();
    assertThat(Signed.peek(Ticket.class, ticket).collateralId())
        .isEqualTo(stored.slice(1, stored.size() - 1).sha256());
  }

  @Test
  void afterThePermitNothingIsGrantedUntilCollateralIsBack() throws IOException {
    Bytes opId = world.sealed(world.serving(), true);
    world.clocks.pass(PERMIT_MS + 1);
    takeAway();
    Instance candidate = world.instance();
    WireError error = refusal(world.service.post("grant-request", world.attest(candidate, opId)));
    assertThat(error.code()).isEqualTo(Code.PERMIT_EXPIRED);
    assertThat(error.detail()).contains("the permit pinned collateral until");
    assertThat(world.status().state()).isEqualTo("SEALED");
    putBack();
    assertThat(world.activate(opId).state()).isEqualTo(State.SERVING);
  }

  @Test
  void aReadyIsNotActivatedAfterThePermitAndTheSameOneIsOnceCollateralIsBack() throws IOException {
    Bytes opId = world.sealed(world.serving(), true);
    Instance candidate = world.instance();
    Bytes ready = world.ready(candidate, opId);
    world.clocks.pass(PERMIT_MS + 1);
    takeAway();
    assertThat(refusal(world.service.post("ready", ready)).code()).isEqualTo(Code.PERMIT_EXPIRED);
    putBack();
    World.done(candidate.obey(Verb.ACTIVATION, answer(world.service.post("ready", ready))));
    assertThat(candidate.state()).isEqualTo(State.SERVING);
  }

  @Test
  void noPermitIsGivenWithoutCollateral() throws IOException {
    world.serving();
    takeAway();
    Ask ask = world.ask(Kind.RESEAL, true, Ask.NOTHING);
    assertThat(refusal(world.request(ask, world.operator)).code()).isEqualTo(Code.UNAVAILABLE);
    assertThat(world.status().state()).isEqualTo("ACTIVE");
  }

  @Test
  void policyOverridesAPermitAtOnce() {
    Bytes opId = world.sealed(world.serving(), true);
    String other = world.policy("").replace(World.IMAGE.toHex(), Bytes.zeros(32).toHex());
    answer(world.applied(other));
    WireError error =
        refusal(world.service.post("grant-request", world.attest(world.instance(), opId)));
    assertThat(error.code()).isEqualTo(Code.MEASUREMENT_REFUSED);
  }

  @Test
  void newerCollateralThatSomebodyElseSawDoesNotBreakAPermit() throws IOException {
    DcapJudge judge = new DcapJudge(collateral);
    Instant now = Instant.ofEpochMilli(world.clocks.wall);
    Bytes quote =
        world
            .machine
            .quoting()
            .quote(world.identity().report(world.machine.cpu().tcb().cpuSvn(), Bytes.zeros(64)));
    Policy policy = PolicyFile.parse(World.bytes(world.policy(""))).getFirst();
    var first = (EvidenceJudge.Verdict.Genuine) judge.judge(quote, policy, now);
    Instant later = now.plus(Duration.ofMinutes(1));
    dev.reseal.emulator.Machine.change(
        home.resolve("platform"), machine -> machine.reissued(later));
    assertThat(judge.judge(quote, policy, later.plusSeconds(1)))
        .isInstanceOf(EvidenceJudge.Verdict.Genuine.class);
    assertThat(judge.judgePinned(quote, policy, later.plusSeconds(1), first.collateral()))
        .isInstanceOf(EvidenceJudge.Verdict.Genuine.class);
  }
}
