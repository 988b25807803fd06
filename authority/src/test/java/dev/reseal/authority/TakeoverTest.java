package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Target;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A takeover waits for the passport's end and replaces what was in flight; the code stays. */
class TakeoverTest extends OnItsOwnWorld {
  @Test
  void t25ATakeoverWaitsForBothClocks() {
    world.serving();
    Reply early = world.request(world.ask(Kind.TAKEOVER, false, Ask.NOTHING), world.supervisor);
    assertThat(refusal(early).code()).isEqualTo(Code.LEASE_RUNNING);
    assertThat(refusal(early).number().orElseThrow()).isPositive();
    // A wall clock that jumps ahead does not help: the monotonic clock has not moved.
    world.clocks.wall += 3_600_000;
    assertThat(
            refusal(world.request(world.ask(Kind.TAKEOVER, false, Ask.NOTHING), world.supervisor))
                .code())
        .isEqualTo(Code.LEASE_RUNNING);
    world.clocks.pass(2_401);
    world.begin(Kind.TAKEOVER, false);
    assertThat(world.status().state()).isEqualTo("SEALED");
  }

  @Test
  void t25ATakeoverWaitsForAPassportWhoseAnchorFailedAtFirst() {
    Power power = Power.of(world);
    Bytes opId = world.sealed(world.serving(), false);
    Bytes ready = world.ready(world.instance(), opId);
    world.clocks.pass(5_000);
    power.fails(2);
    assertThat(refusal(world.service.post("ready", ready)).code()).isEqualTo(Code.UNAVAILABLE);
    answer(world.service.post("ready", ready));
    world.clocks.wall += 600_000;
    Reply early = world.request(world.ask(Kind.TAKEOVER, false, Ask.NOTHING), world.supervisor);
    assertThat(refusal(early).code()).isEqualTo(Code.LEASE_RUNNING);
  }

  @Test
  void aTakeoverRestoresTheHeadAndItsPassportSaysSo() {
    Instance killed = world.serving();
    world.checkpoint(killed);
    world.clocks.pass(2_500);
    Instance next = world.activate(world.begin(Kind.TAKEOVER, true));
    Passport passport =
        Signed.verify(Passport.class, next.passport().orElseThrow(), world.signer.verifyKey())
            .message();
    assertThat(passport.flags() & Passport.FLAG_TAKEOVER).isEqualTo(Passport.FLAG_TAKEOVER);
    assertThat(refusal(world.service.post("renew", world.renewal(killed))).rule())
        .isEqualTo("SIGNER");
  }

  @Test
  void aTakeoverReplacesASealedOperationWithItsPreparedGeneration() {
    Instance old = world.serving();
    Bytes stuck = world.sealed(old, true);
    Bytes late = world.ready(world.instance(), stuck);
    world.clocks.pass(2_500);
    Bytes opId = world.begin(Kind.TAKEOVER, true);
    assertThat(refusal(world.service.post("ready", late)).rule()).isEqualTo("OTHER_OPERATION");
    assertThat(world.activate(opId).gen()).contains(2L);
    assertThat(
            refusal(world.request(world.ask(Kind.ABORT, false, Ask.NOTHING), world.operator))
                .code())
        .isEqualTo(Code.WRONG_STATE);
  }

  @Test
  void t37ATakeoverReachesTheActiveMeasurementOnly() {
    world.serving();
    world.clocks.pass(2_500);
    Ask ask = world.ask(Kind.TAKEOVER, false, Ask.NOTHING);
    Target other =
        new Target(Bytes.ascii("other").sha256(), 1, 2, 2, Optional.of(world.machine.info().id()));
    Ask changed = new Ask(ask.head(), ask.kind(), ask.mode(), List.of(other), false, Ask.NOTHING);
    assertThat(refusal(world.request(changed, world.operator)).code())
        .isEqualTo(Code.MEASUREMENT_REFUSED);
  }
}
