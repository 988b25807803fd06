package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.instance.State;
import dev.reseal.instance.Verb;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import org.junit.jupiter.api.Test;

/** Receipts and checkpoints: a head is the newest body of its operation and its epoch. */
class SealsTest extends OnItsOwnWorld {
  @Test
  void t9AReceiptOfAnAbortedOperationDoesNotCountForTheNext() {
    Instance old = world.serving();
    Ask ask = world.ask(Kind.RESEAL, true, Ask.NOTHING);
    Bytes ticket = answer(world.request(ask, world.operator));
    Bytes receipt = world.seal(old, ticket);
    Bytes abort = answer(world.request(world.ask(Kind.ABORT, false, Ask.NOTHING), world.operator));
    World.done(old.obey(Verb.ABORT, abort));
    assertThat(old.state()).isEqualTo(State.SERVING);
    world.begin(Kind.RESEAL, true);
    assertThat(refusal(world.service.post("seal-receipt", receipt)).rule())
        .isEqualTo("OTHER_OPERATION");
  }

  @Test
  void everyMutatedByteOfAReceiptIsRefusedWithoutAnEffect() {
    Instance old = world.serving();
    Ask ask = world.ask(Kind.RESEAL, true, Ask.NOTHING);
    Bytes receipt = world.seal(old, answer(world.request(ask, world.operator)));
    long before = world.store.tail().seq();
    for (int at = 0; at < receipt.size(); at += 7) {
      byte[] changed = receipt.toArray();
      changed[at] ^= 1;
      refusal(world.service.post("seal-receipt", Bytes.wrap(changed)));
    }
    assertThat(world.store.tail().seq()).isEqualTo(before);
    answer(world.service.post("seal-receipt", receipt));
  }

  @Test
  void t5TheHeadIsTheNewestBodyAndNeverAnOlderOne() {
    Instance active = world.serving();
    Bytes older = world.checkpointOf(active);
    Bytes newer = world.checkpointOf(active);
    answer(world.service.post("checkpoint", newer));
    assertThat(refusal(world.service.post("checkpoint", older)).code())
        .isEqualTo(Code.STALE_SEALED_STATE);
  }

  @Test
  void anInstanceOfAnotherEpochCannotCheckpoint() {
    Instance old = world.serving();
    Bytes kept = world.checkpointOf(old);
    world.activate(world.sealed(old, false));
    assertThat(refusal(world.service.post("checkpoint", kept)).rule()).isEqualTo("SIGNER");
  }
}
