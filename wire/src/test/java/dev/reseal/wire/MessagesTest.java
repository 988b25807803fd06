package dev.reseal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.WireException.Rule;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Protocol 6. */
final class MessagesTest {
  static List<Message> all() {
    return Samples.all();
  }

  @Test
  void everyTypeHasASample() {
    assertThat(all().stream().map(Message::type)).containsExactly(MessageType.values());
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyMessageComesBackAsItWasSigned(Message message) {
    Signed<? extends Message> signed = Signed.sign(message, Samples.KEY);
    assertThat(Signed.verify(message.getClass(), signed.cose(), Samples.KEY.verifyKey()).message())
        .isEqualTo(message);
    assertThat(Message.decode(message.type(), message.payload()).payload())
        .isEqualTo(message.payload());
  }

  @ParameterizedTest
  @MethodSource("all")
  void noMessagePassesAsAnotherType(Message message) {
    Bytes cose = Signed.sign(message, Samples.KEY).cose();
    for (MessageType other : MessageType.values()) {
      if (other != message.type()) {
        assertRefused(
            () -> Cose.verify(other.wireName(), cose, other.most(), Samples.KEY.verifyKey()),
            Rule.SIGNATURE);
        assertRefused(() -> Message.decode(other, message.payload()), Rule.FIELD);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyFlippedBitIsRefused(Message message) {
    Bytes cose = Signed.sign(message, Samples.KEY).cose();
    for (int bit = 0; bit < 8 * cose.size(); bit += step(cose)) {
      byte[] flipped = cose.toArray();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(
              () -> Signed.verify(message.getClass(), Bytes.wrap(flipped), Samples.KEY.verifyKey()))
          .as("bit %d", bit)
          .isInstanceOf(WireException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyPrefixAndEverySuffixIsRefused(Message message) {
    Bytes cose = Signed.sign(message, Samples.KEY).cose();
    for (int size = 0; size < cose.size(); size++) {
      Bytes cut = cose.slice(0, size);
      assertThatThrownBy(() -> Signed.verify(message.getClass(), cut, Samples.KEY.verifyKey()))
          .isInstanceOf(WireException.class);
    }
    Bytes longer = Bytes.concat(cose, Bytes.zeros(1));
    assertRefused(
        () -> Signed.verify(message.getClass(), longer, Samples.KEY.verifyKey()), Rule.TRAILING);
  }

  @ParameterizedTest
  @MethodSource("all")
  void aMissingOrUnknownFieldIsRefused(Message message) {
    Cbor.Map map = (Cbor.Map) Cbor.decode(message.payload());
    for (Long key : map.entries().keySet()) {
      assertRefused(() -> Message.decode(message.type(), map.without(key).encode()), Rule.FIELD);
    }
    assertRefused(() -> Message.decode(message.type(), map.with(99, 0).encode()), Rule.FIELD);
  }

  @ParameterizedTest
  @MethodSource("all")
  void anotherSignerIsRefused(Message message) {
    Bytes cose = Signed.sign(message, SigningKey.generate(Randomness.system())).cose();
    assertRefused(
        () -> Signed.verify(message.getClass(), cose, Samples.KEY.verifyKey()), Rule.SIGNER);
  }

  @ParameterizedTest
  @MethodSource("all")
  void anOversizedMessageIsRefusedBeforeItIsRead(Message message) {
    Bytes huge = Bytes.zeros(message.type().most() + 1);
    assertRefused(
        () -> Signed.verify(message.getClass(), huge, Samples.KEY.verifyKey()), Rule.SIZE);
  }

  @Test
  void anAskOfAnotherOperationIsRefused() {
    Request request = (Request) all().get(0);
    Head other = new Head(request.head().lineage(), request.head().opId(), 8, 3);
    Request held = new Request(other, request.ask(), request.approvals());
    assertRefused(held::decodeAsk, Rule.FIELD);
    assertThat(request.decodeAsk().encode()).isEqualTo(request.ask());
  }

  @Test
  void phaseTimesInAnArrayAreNotThoseOfAMap() {
    Cbor.Map report = Cbor.map().with(1, 1).with(2, Bytes.zeros(16)).with(3, Bytes.zeros(16));
    Bytes listed = report.with(4, Cbor.array(Cbor.of(5), Cbor.of(6))).encode();
    assertRefused(() -> PhaseTimes.decode(listed), Rule.TYPE);
  }

  @Test
  void claimsEssentialsErrorAndStatusComeBack() {
    Claims claims = Samples.claims();
    assertThat(Claims.decode(claims.encode())).isEqualTo(claims);
    assertThat(Claims.reportData(claims.encode()).size()).isEqualTo(64);
    Essentials essentials = Samples.essentials();
    assertThat(Essentials.decode(essentials.encode())).isEqualTo(essentials);
    WireError error =
        new WireError(
            Code.LEASE_RUNNING, "LEASE_RUNNING", "wait", Optional.of(5L), Optional.empty());
    assertThat(WireError.decode(error.encode())).isEqualTo(error);
    Status status = status(Optional.empty(), Optional.empty());
    assertThat(Status.decode(status.encode())).isEqualTo(status);
    Status full = fullStatus();
    assertThat(Status.decode(full.encode())).isEqualTo(full);
  }

  static Status fullStatus() {
    return status(
        Optional.of(
            new Status.Active(
                Samples.fill(32, 1),
                Samples.fill(32, 2),
                Samples.fill(300, 3),
                Optional.empty(),
                1,
                2,
                2)),
        Optional.of(
            new Status.StateHead(
                Samples.fill(32, 1), Samples.fill(300, 2), Samples.fill(200, 3), 1, true)));
  }

  static Status status(Optional<Status.Active> active, Optional<Status.StateHead> head) {
    return new Status(
        Samples.fill(16, 1),
        "customers",
        "EMPTY",
        new Status.Operation(1, 2, 3, Optional.of(4L), 0, Samples.fill(16, 2)),
        active,
        head,
        new Status.Policy(
            Samples.fill(32, 4),
            Samples.fill(32, 8),
            Samples.essentials().encode(),
            Optional.empty(),
            List.of("life_ms"),
            List.of(new Status.Allowed(Samples.fill(32, 5), 1, 2))),
        Samples.fill(200, 6),
        1_000,
        0,
        new Status.Retirable(List.of(Samples.fill(32, 7)), List.of(1L)));
  }

  /** Coprime to 8, so that every position in a byte is hit; coarser for the one long message. */
  private static int step(Bytes cose) {
    return cose.size() > 1000 ? 97 : 11;
  }

  static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, Rule rule) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            WireException.class, refused -> assertThat(refused.rule()).isEqualTo(rule));
  }
}
