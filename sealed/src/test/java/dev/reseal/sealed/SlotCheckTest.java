package dev.reseal.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Essentials.Binding;
import dev.reseal.wire.Essentials.Recovery;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.X25519;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** SlotsOK (protocol 7) and the KEYREQUEST rules (5.3), each rule by one thing that breaks it. */
final class SlotCheckTest {
  private final World world = World.signer();

  private Optional<Rule> verdict(
      World judge, Bytes slots, Bytes coreDigest, boolean transfer, Bytes wrapper) {
    SlotCheck.Verdict verdict =
        SlotCheck.slotsOk(
            slots,
            World.LINEAGE,
            coreDigest,
            wrapper,
            judge.policy,
            judge.wrap.publicKey().sha256(),
            transfer ? Optional.of(judge.transfer.publicKey().sha256()) : Optional.empty(),
            judge::key);
    return switch (verdict) {
      case SlotCheck.Verdict.Ok(var shares) -> {
        assertThat(shares).hasSameSizeAs(Slot.decode(slots));
        yield Optional.empty();
      }
      case SlotCheck.Verdict.Refused(ContainerException why) -> Optional.of(why.rule());
    };
  }

  private Optional<Rule> verdict(World judge, Sealing sealing) {
    return verdict(
        judge, sealing.encodedSlots(), sealing.encodedCore().sha256(), false, World.INSTANCE);
  }

  /** The policy's own kind of slots, judged by that policy with something else in it. */
  private static World as(World maker, Binding binding, Recovery recovery) {
    World judge = new World("judge", binding, recovery);
    return new World(judge.policy, maker);
  }

  @Test
  void whatTheSdkMakesIsRight() {
    assertThat(verdict(world, world.begin(false))).isEmpty();
    World both = new World("both", Binding.ENCLAVE, Recovery.AUTHORITY);
    assertThat(verdict(both, both.begin(false))).isEmpty();
    World none = new World("none", Binding.NONE, Recovery.AUTHORITY);
    assertThat(verdict(none, none.begin(false))).isEmpty();
  }

  @Test
  void theWrapKeyThatOpenedAShareIsErased() {
    Sealing sealing = world.begin(false);
    Slot slot = Slot.decode(sealing.encodedSlots()).getFirst();
    X25519.Pair pair = world.key(slot.header().wrapId()).orElseThrow();
    SlotCheck.openShare(slot, World.LINEAGE, sealing.encodedCore().sha256(), _ -> Optional.of(pair))
        .close();
    assertThatThrownBy(() -> pair.secret().use(Bytes::of))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anAuthoritySlotNeedsRecoveryOrATransfer() {
    Sealing transferring = world.begin(true);
    Bytes slots = transferring.encodedSlots();
    Bytes core = transferring.encodedCore().sha256();
    assertThat(verdict(world, slots, core, true, World.INSTANCE)).isEmpty();
    assertThat(verdict(world, slots, core, false, World.INSTANCE)).contains(Rule.POLICY);
  }

  @Test
  void slotsOfAnotherBindingOrRecoveryAreRefused() {
    Sealing signer = world.begin(false);
    assertThat(verdict(as(world, Binding.ENCLAVE, Recovery.NONE), signer))
        .contains(Rule.KEYREQUEST);
    assertThat(verdict(as(world, Binding.SIGNER, Recovery.AUTHORITY), signer))
        .contains(Rule.POLICY);
    assertThat(verdict(as(world, Binding.NONE, Recovery.AUTHORITY), signer)).contains(Rule.POLICY);
    World none = new World("none", Binding.NONE, Recovery.AUTHORITY);
    assertThat(verdict(as(none, Binding.SIGNER, Recovery.AUTHORITY), none.begin(false)))
        .contains(Rule.POLICY);
  }

  @Test
  void anotherMakerAnotherKeyAnotherCoreAndAChangedShareAreRefused() {
    Sealing sealing = world.begin(false);
    Bytes slots = sealing.encodedSlots();
    Bytes core = sealing.encodedCore().sha256();
    assertThat(verdict(world, slots, core, false, Bytes.zeros(32))).contains(Rule.SHARE);
    assertThat(verdict(world, slots, Bytes.zeros(32), false, World.INSTANCE)).contains(Rule.SHARE);
    World elsewhere = new World("elsewhere", Binding.SIGNER, Recovery.NONE);
    assertThat(verdict(elsewhere, sealing)).contains(Rule.POLICY);
    Slot slot = Slot.decode(slots).getFirst();
    byte[] share = slot.share().ct().toArray();
    share[0] ^= 1;
    Hpke.Box changed = new Hpke.Box(slot.share().enc(), Bytes.wrap(share));
    Slot other = new Slot(slot.header(), slot.encodedHeader(), changed, slot.wrappedDek());
    assertThat(verdict(world, Slot.encode(List.of(other)), core, false, World.INSTANCE))
        .contains(Rule.SHARE);
  }

  @Test
  void everyFieldOfTheKeyrequestIsHeld() {
    List<UnaryOperator<KeyRequest>> changes = new ArrayList<>();
    changes.add(r -> request(r, 3, r.keyPolicy(), r.attributeMask(), r.miscMask(), 0));
    changes.add(r -> request(r, 4, 1, r.attributeMask(), r.miscMask(), 0));
    changes.add(r -> request(r, 4, 6, r.attributeMask(), r.miscMask(), 0));
    changes.add(r -> request(r, 4, 2, new Attributes(1, 0), r.miscMask(), 0));
    changes.add(r -> request(r, 4, 2, r.attributeMask(), 0, 0));
    changes.add(r -> request(r, 4, 2, r.attributeMask(), r.miscMask(), 1));
    for (UnaryOperator<KeyRequest> change : changes) {
      assertThat(withRequest(parsed -> Optional.of(change.apply(parsed).encode())))
          .contains(Rule.KEYREQUEST);
    }
    assertThat(withRequest(_ -> Optional.empty())).contains(Rule.KEYREQUEST);
    assertThat(
            withRequest(parsed -> {
              byte[] reserved = parsed.encode().toArray();
              reserved[511] = 1;
              return Optional.of(Bytes.wrap(reserved));
            }))
        .contains(Rule.KEYREQUEST);
  }

  private static KeyRequest request(
      KeyRequest r, int name, int policy, Attributes mask, int misc, int configSvn) {
    return new KeyRequest(name, policy, r.isvSvn(), r.cpuSvn(), mask, r.keyId(), misc, configSvn);
  }

  private Optional<Rule> withRequest(
      java.util.function.Function<KeyRequest, Optional<Bytes>> change) {
    Sealing sealing = world.begin(false);
    Slot slot = Slot.decode(sealing.encodedSlots()).getFirst();
    Slot.Header h = slot.header();
    try {
      KeyRequest parsed = KeyRequest.parse(h.keyRequest().orElseThrow());
      Slot.Header header =
          new Slot.Header(
              h.type(),
              h.wrapId(),
              h.wrapper(),
              change.apply(parsed),
              h.platCheck(),
              h.opId(),
              h.fence());
      Slot other = new Slot(header, header.encode(), slot.share(), slot.wrappedDek());
      return verdict(
          world,
          Slot.encode(List.of(other)),
          sealing.encodedCore().sha256(),
          false,
          World.INSTANCE);
    } catch (MalformedException impossible) {
      throw new AssertionError(impossible);
    }
  }

  @Test
  void aMaskWithoutDebugIsRefusedEvenIfThePolicySaysSo() {
    Essentials p = world.policy;
    Essentials blind =
        new Essentials(
            p.lineage(),
            p.env(),
            p.binding(),
            p.recovery(),
            p.rpoUpdates(),
            p.stateMax(),
            p.purposes(),
            Bytes.hex("01000000000000000000000000000000"),
            p.miscMask());
    World maker = new World(blind, world);
    ContainerTest.assertRefused(() -> maker.begin(false), Rule.KEYREQUEST);
  }

  @Test
  void platCheckTellsAChangedPlatform() {
    Slot slot = Slot.decode(world.begin(false).encodedSlots()).getFirst();
    assertThat(new SlotOpener(world::egetkey).platCheck(slot)).isTrue();
    World elsewhere = new World("elsewhere", Binding.SIGNER, Recovery.NONE);
    assertThat(new SlotOpener(elsewhere::egetkey).platCheck(slot)).isFalse();
    assertThat(new SlotOpener(_ -> new PlatformKeys.Answer.SvnAbove()).platCheck(slot)).isFalse();
  }

  @Test
  void aStateLargerThanThePolicyAllowsIsRefused() {
    Essentials p = world.policy;
    Essentials tight =
        new Essentials(
            p.lineage(),
            p.env(),
            p.binding(),
            p.recovery(),
            p.rpoUpdates(),
            100,
            p.purposes(),
            p.attributeMask(),
            p.miscMask());
    World small = new World(tight, world);
    World.Sealed sealed = small.seal(List.of(List.of(World.big("b", 1, 1, 101))));
    ContainerTest.assertRefused(
        () -> small.open(sealed.file(), small.granted(sealed)), Rule.POLICY);
  }

  @Test
  void twoRecordsOfOneVersionMustBeEqual() {
    World.Sealed sealed =
        world.seal(
            List.of(List.of(World.record("s", "k", 1, "one"), World.record("s", "k", 1, "two"))));
    ContainerTest.assertRefused(
        () -> world.open(sealed.file(), world.granted(sealed)), Rule.RECORD);
  }
}
