package dev.reseal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.PlatformException;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.Keyset;
import org.junit.jupiter.api.Test;

/** Protocol 8: what an application's hook or a device that fails leaves behind. */
final class FailuresTest {
  private final Side side = new Side();
  private final Walk first = new Walk(side);

  @Test
  void aFailingHookLeavesTheCandidateDeadAndARekeyOnTheOldGeneration() {
    Side.Operation one = first.genesis();
    first.app.failing = true;
    Outcome rekey =
        first.instance.obey(Verb.REKEY_GRANT, side.sign(side.rekey(one, 11, first.instance, 2)));
    assertThat(rekey).isInstanceOf(Outcome.Refused.class);
    assertThat(first.instance.gen()).contains(1L);
    first.app.failing = false;
    first.obey(Verb.REKEY_GRANT, side.rekey(one, 12, first.instance, 2));
    assertThat(first.instance.gen()).contains(2L);
    Side.Operation two = Side.operation(2);
    first.lock(one, two);
    Walk.Sealed<SealReceipt> sealed = first.seal();
    Walk second = Walk.granted(side, one, two, sealed);
    second.app.failing = true;
    assertThat(second.restore(sealed.file())).isInstanceOf(Outcome.Refused.class);
    assertThat(second.instance.state()).isEqualTo(State.DEAD);
  }

  @Test
  void whateverBreaksWhileItRestoresLeavesTheCandidateDead() {
    Side.Operation one = first.genesis();
    Side.Operation two = Side.operation(2);
    first.lock(one, two);
    Walk.Sealed<SealReceipt> sealed = first.seal();
    SoftDevice device = new SoftDevice("this machine", Walk.MRENCLAVE);
    Walk second = Walk.granted(side, one, two, sealed, device);
    device.gone = true;
    assertThatThrownBy(() -> second.restore(sealed.file())).isInstanceOf(PlatformException.class);
    assertThat(second.instance.state()).isEqualTo(State.DEAD);
    Walk third = Walk.granted(side, one, two, sealed);
    third.app.breaking = true;
    assertThatThrownBy(() -> third.restore(sealed.file())).hasMessage("told to break");
    assertThat(third.instance.state()).isEqualTo(State.DEAD);
  }

  @Test
  void aHookThatBreaksAtAKeyLeavesNoKeyThatWasNotInstalled() {
    Side.Operation one = first.genesis();
    first.app.breaking = true;
    Bytes rekey = side.sign(side.rekey(one, 11, first.instance, 2));
    assertThatThrownBy(() -> first.instance.obey(Verb.REKEY_GRANT, rekey))
        .hasMessage("told to break");
    assertThat(first.instance.state()).isEqualTo(State.SERVING);
    assertThat(first.instance.gen()).contains(1L);
    assertErased(first.app.offered.orElseThrow());
    first.app.breaking = false;
    Side.Operation two = Side.operation(2);
    first.lock(one, two);
    Walk.Sealed<SealReceipt> sealed = first.seal();
    Walk second = Walk.granted(side, one, two, sealed);
    Ready ready = second.sent(Ready.class, second.done(second.restore(sealed.file()))).message();
    second.app.breaking = true;
    Bytes activation = side.sign(side.activation(two, second.instance, ready, 2));
    assertThatThrownBy(() -> second.instance.obey(Verb.ACTIVATION, activation))
        .hasMessage("told to break");
    assertThat(second.instance.state()).isEqualTo(State.DEAD);
    assertErased(second.app.offered.orElseThrow());
  }

  private static void assertErased(Keyset keyset) {
    for (Keyset.Generation each : keyset.generations()) {
      each.keys()
          .values()
          .forEach(key ->
              assertThatThrownBy(() -> key.use(Bytes::of))
                  .isInstanceOf(IllegalStateException.class));
    }
  }
}
