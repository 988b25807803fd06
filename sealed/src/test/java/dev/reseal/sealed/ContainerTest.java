package dev.reseal.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.wire.Essentials.Binding;
import dev.reseal.wire.Essentials.Recovery;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Protocol 5, invariants T13 to T15. */
final class ContainerTest {
  private static final List<List<StateRecord>> SMALL =
      List.of(
          List.of(World.record("users", "ada", 1, "one"), World.record("users", "bob", 2, "two")),
          List.of(World.record("users", "ada", 3, "three")));

  @Test
  void whatIsSealedOpensWithBothHalves() {
    World world = World.signer();
    World.Sealed sealed = world.seal(SMALL);
    Staging staging = world.open(sealed.file(), world.granted(sealed));
    assertThat(staging.records("users"))
        .containsExactlyInAnyOrder(SMALL.get(1).get(0), SMALL.get(0).get(1));
    assertThat(staging.highestVersion()).isEqualTo(3);
  }

  @Test
  void recordsSpanSegmentsAndTwoThreadsWriteTheSameBytesAsOne() {
    List<StateRecord> round = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      round.add(World.big("blobs", i, i + 1, 300_000));
    }
    World.Sealed one = World.seal(World.signer().begin(false), List.of(round), Workers.caller());
    try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
      World world = World.signer();
      World.Sealed three = World.seal(world.begin(false), List.of(round), Workers.of(pool, 3));
      assertThat(three.file()).isEqualTo(one.file());
      assertThat(world.open(three.file(), world.granted(three)).records("blobs")).hasSize(20);
    }
  }

  @Test
  void anEmptyRoundIsOneEmptySegment() {
    World world = World.signer();
    World.Sealed sealed = world.seal(List.of(List.of()));
    assertThat(Footer.decode(sealed.body().footer()).rounds().getFirst().segments()).isEqualTo(1);
    assertThat(world.open(sealed.file(), world.granted(sealed)).stores()).isEmpty();
  }

  @Test
  void aRoundThatFillsItsSegmentExactlyEndsWithIt() {
    World world = World.signer();
    StateRecord record = World.big("blobs", 1, 1, Core.SEGMENT - 100);
    int frame = measured(record);
    StateRecord exact = World.big("blobs", 1, 1, Core.SEGMENT - 100 + (Core.SEGMENT - frame));
    World.Sealed sealed = world.seal(List.of(List.of(exact)));
    Footer.Round round = Footer.decode(sealed.body().footer()).rounds().getFirst();
    assertThat(round.segments()).isEqualTo(1);
    assertThat(round.plaintextBytes()).isEqualTo(Core.SEGMENT);
    assertThat(world.open(sealed.file(), world.granted(sealed)).stores()).hasSize(1);
  }

  private static int measured(StateRecord record) {
    World.Sealed sealed = World.signer().seal(List.of(List.of(record)));
    return (int) Footer.decode(sealed.body().footer()).rounds().getFirst().plaintextBytes();
  }

  @Test
  void everyFlippedBitIsRefusedOrTouchesOnlySlotsThatAreNeverUsed() {
    World world = World.signer();
    World.Sealed sealed = world.seal(SMALL);
    int slotsAt = 8 + 4 + sealed.body().core().size() + 4;
    int slotsEnd = slotsAt + sealed.body().slots().size();
    Set<Rule> seen = EnumSet.noneOf(Rule.class);
    try (StreamKeys keys = keys(sealed)) {
      for (int bit = 0; bit < 8 * sealed.file().size(); bit++) {
        Bytes flipped = flip(sealed.file(), bit);
        if (bit / 8 >= slotsAt && bit / 8 < slotsEnd) {
          continue;
        }
        try {
          verify(flipped, sealed, keys);
        } catch (ContainerException refused) {
          seen.add(refused.rule());
          continue;
        }
        throw new AssertionError("bit " + bit + " was flipped and the container opened");
      }
    }
    assertThat(seen)
        .contains(
            Rule.MAGIC,
            Rule.LENGTH,
            Rule.STRUCTURE,
            Rule.CORE_DIGEST,
            Rule.BODY_ID,
            Rule.TRAILER,
            Rule.MARK,
            Rule.SEGMENT);
  }

  @Test
  void everyTruncationAndEveryAppendedByteIsRefused() {
    World world = World.signer();
    World.Sealed sealed = world.seal(SMALL);
    try (StreamKeys keys = keys(sealed)) {
      for (int size = 0; size < sealed.file().size(); size++) {
        Bytes cut = sealed.file().slice(0, size);
        assertThatThrownBy(() -> verify(cut, sealed, keys))
            .as("cut to %d", size)
            .isInstanceOf(ContainerException.class);
      }
      Bytes longer = Bytes.concat(sealed.file(), Bytes.zeros(1));
      assertRefused(() -> verify(longer, sealed, keys), Rule.TRAILER);
    }
  }

  /** Envelope and stream without the slots, which cost an X25519 each. */
  private static void verify(Bytes file, World.Sealed sealed, StreamKeys keys) {
    try {
      ContainerSource source = ContainerSource.of(file);
      Envelope envelope = Envelope.read(source);
      if (!envelope.encodedCore().equals(sealed.body().core())) {
        throw new ContainerException(Rule.CORE_DIGEST, "core");
      }
      ContainerReader.checkBody(
          envelope.encodedCore(), envelope.encodedFooter(), sealed.body().bodyId());
      ContainerReader.checkFooter(envelope, keys);
      ContainerReader.read(
          source.open(), sealed.body().core(), keys, Workers.caller(), new Staging(1 << 20));
    } catch (java.io.IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
  }

  @Test
  void whoHoldsTheDekStillCannotExchangeTheContent() {
    World world = World.signer();
    World.Sealed sealed = world.seal(SMALL);
    Bytes core = sealed.body().core();
    var out = new java.io.ByteArrayOutputStream();
    StreamKeys keys = StreamKeys.derive(Core.decode(core).streamSalt(), sealed.dek());
    try (ContainerWriter writer =
        new ContainerWriter(out, core, sealed.body().slots(), keys, Workers.caller())) {
      writer.beginRound();
      writer.write(World.record("users", "eve", 9, "forged"));
      writer.endRound();
      writer.finish(5, 2, 1);
    } catch (java.io.IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
    Bytes forged = Bytes.wrap(out.toByteArray());
    assertRefused(() -> world.open(forged, world.granted(sealed)), Rule.BODY_ID);
  }

  @Test
  void swappedAndRepeatedAndSplicedSegmentsAreRefused() {
    List<StateRecord> round = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      round.add(World.big("blobs", i, i + 1, Core.SEGMENT));
    }
    World world = World.signer();
    World.Sealed sealed = world.seal(List.of(round));
    World.Sealed other = world.seal(List.of(round));
    int first = 8 + 4 + sealed.body().core().size() + 4 + sealed.body().slots().size() + 5;
    int size = 5 + Core.SEGMENT + 16;
    Bytes file = sealed.file();
    Bytes a = file.slice(first, size);
    Bytes b = file.slice(first + size, size);
    Opening.Granted granted = world.granted(sealed);
    assertRefused(
        () -> world.open(replace(file, first, Bytes.concat(b, a)), granted), Rule.SEGMENT);
    assertRefused(() -> world.open(replace(file, first + size, a), granted), Rule.SEGMENT);
    Bytes spliced = replace(file, first, other.file().slice(first, size));
    assertRefused(() -> world.open(spliced, granted), Rule.SEGMENT);
    assertRefused(() -> world.open(other.file(), granted), Rule.CORE_DIGEST);
  }

  @Test
  void anotherLineageAnotherPlatformAndAnotherShareAreRefusedByName() {
    World world = World.signer();
    World.Sealed sealed = world.seal(SMALL);
    Opening.Granted granted = world.granted(sealed);
    assertRefused(
        () ->
            world.open(
                sealed.file(),
                new Opening.Granted(
                    Bytes.zeros(16),
                    granted.coreDigest(),
                    granted.bodyId(),
                    granted.slots(),
                    granted.policy(),
                    granted.shares())),
        Rule.LINEAGE);
    World elsewhere = new World("elsewhere", Binding.SIGNER, Recovery.NONE);
    assertRefused(() -> elsewhere.open(sealed.file(), granted), Rule.PLATFORM_KEY_CHANGED);
    World.Sealed second = world.seal(SMALL);
    Opening.Granted mixed =
        new Opening.Granted(
            granted.lineage(),
            granted.coreDigest(),
            granted.bodyId(),
            granted.slots(),
            granted.policy(),
            world.granted(second).shares());
    assertRefused(() -> world.open(sealed.file(), mixed), Rule.UNWRAP);
    assertRefused(
        () ->
            Opening.open(
                ContainerSource.of(sealed.file()),
                granted,
                _ -> new PlatformKeys.Answer.SvnAbove(),
                Workers.caller()),
        Rule.SVN_DOWNGRADE);
  }

  @Test
  void slotsOfAnotherDekAreRefused() {
    World world = World.signer();
    World.Sealed sealed = world.seal(SMALL);
    Core core = Core.decode(sealed.body().core());
    Bytes coreDigest = sealed.body().core().sha256();
    try (var wrong = dev.reseal.bytes.Secret.random(32)) {
      SlotMaker maker = new SlotMaker(world::egetkey, world.randomness);
      assertRefused(
          () -> maker.make(world.recipients(false), core, coreDigest, wrong), Rule.PK_OPEN);
    }
  }

  @Test
  void aReWrappedDekOpensUnderItsNewSlots() {
    World world = World.signer();
    World.Sealed sealed = world.seal(SMALL);
    Core core = Core.decode(sealed.body().core());
    Bytes coreDigest = sealed.body().core().sha256();
    Bytes slots =
        new SlotMaker(world::egetkey, world.randomness)
            .make(world.recipients(true), core, coreDigest, sealed.dek());
    Opening.Granted granted =
        new Opening.Granted(
            World.LINEAGE,
            coreDigest,
            sealed.body().bodyId(),
            slots,
            world.policy,
            world.shares(slots, coreDigest));
    assertThat(world.open(sealed.file(), granted).stores()).hasSize(1);
  }

  private static StreamKeys keys(World.Sealed sealed) {
    return StreamKeys.derive(Core.decode(sealed.body().core()).streamSalt(), sealed.dek());
  }

  private static Bytes flip(Bytes file, int bit) {
    byte[] flipped = file.toArray();
    flipped[bit / 8] ^= (byte) (1 << bit % 8);
    return Bytes.wrap(flipped);
  }

  static Bytes replace(Bytes file, int at, Bytes with) {
    return Bytes.concat(
        file.slice(0, at), with, file.slice(at + with.size(), file.size() - at - with.size()));
  }

  static void assertRefused(ThrowingCallable call, Rule rule) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ContainerException.class, refused -> assertThat(refused.rule()).isEqualTo(rule));
  }
}
