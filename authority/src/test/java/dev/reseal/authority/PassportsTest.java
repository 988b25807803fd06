package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Verb;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import org.junit.jupiter.api.Test;

/** Renewals and passports for clients: what the active instance and the clocks allow. */
class PassportsTest extends OnItsOwnWorld {
  @Test
  void aRenewalAboutAnOlderPassportIsRefused() {
    Instance active = world.serving();
    Bytes hoarded = world.renewal(active);
    renew(active);
    assertThat(refusal(world.service.post("renew", hoarded)).rule()).isEqualTo("STALE_PASSPORT");
  }

  private Passport renew(Instance active) {
    Bytes passport = answer(world.service.post("renew", world.renewal(active)));
    World.done(active.obey(Verb.PASSPORT, passport));
    return Signed.verify(Passport.class, passport, world.signer.verifyKey()).message();
  }

  @Test
  void aGenerationThatIsNotInstalledIsTolerantWithinTheGraceOnly() {
    Instance active = world.serving();
    world.begin(Kind.REKEY, true);
    Passport lagging = renew(active);
    assertThat(lagging.flags() & Passport.FLAG_GENERATION_LAGGING).isNotZero();
    world.clocks.pass(2_001);
    assertThat(refusal(world.service.post("renew", world.renewal(active))).rule())
        .isEqualTo("REKEY_GRACE");
  }

  @Test
  void aClockThatStepsIssuesNothingUntilTheAuthorityIsStartedAgain() {
    Instance active = world.serving();
    world.clocks.wall += 60_000;
    assertThat(refusal(world.service.post("renew", world.renewal(active))).rule())
        .isEqualTo("CLOCK_STEP");
    world.restart();
    renew(active);
  }

  @Test
  void anOnlinePassportHasTheNonceAndEndsWithTheNewest() {
    Instance active = world.serving();
    Passport newest = renew(active);
    Bytes nonce = Randomness.system().bytes(32);
    Bytes call = Cbor.array(Cbor.of(World.LINEAGE), Cbor.of(nonce)).encode();
    Passport online =
        Signed.verify(
                Passport.class,
                answer(world.service.post("passport", call)),
                world.signer.verifyKey())
            .message();
    assertThat(online.nonce()).contains(nonce);
    assertThat(online.notAfter()).isEqualTo(newest.notAfter());
    for (int i = 0; i < 10; i++) {
      answer(world.service.post("passport", call));
    }
    Passport cached =
        Signed.verify(
                Passport.class,
                answer(world.service.post("passport", call)),
                world.signer.verifyKey())
            .message();
    assertThat(cached.nonce()).isEmpty();
  }
}
