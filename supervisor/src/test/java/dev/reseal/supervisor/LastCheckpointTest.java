package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event;
import dev.reseal.wire.Cbor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LastCheckpointTest {
  private static final Event MADE = new Event.Checkpointed("i1", Bytes.zeros(32));

  private final LastCheckpoint checkpoint = new LastCheckpoint();
  private final Link link = new Link("i1");
  private final AtomicBoolean serves = new AtomicBoolean(true);
  private long heard;

  private CompletableFuture<Boolean> asked(long limitMs) {
    CompletableFuture<Boolean> made = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            made.complete(checkpoint.made(link, serves::get, limitMs));
          } catch (InterruptedException stopped) {
            made.completeExceptionally(stopped);
          }
        });
    return made;
  }

  private void awaitAdvice() throws InterruptedException {
    Cbor.Array advice = (Cbor.Array) Cbor.decode(link.await(heard, 10_000).orElseThrow());
    Cbor.Array newest = (Cbor.Array) advice.items().getLast();
    heard = ((Cbor.Int) newest.items().getFirst()).value();
  }

  @Test
  void theOneThatMayHaveBeenOnItsWayAlreadyDoesNotCount() throws Exception {
    CompletableFuture<Boolean> made = asked(20_000);
    awaitAdvice();
    checkpoint.heard(MADE);
    awaitAdvice();
    assertThat(made).isNotDone();
    checkpoint.heard(MADE);
    assertThat(made.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void thoseMadeBeforeItWasAskedForDoNotCount() throws Exception {
    checkpoint.heard(MADE);
    checkpoint.heard(MADE);
    assertThat(asked(50).get(10, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void anInstanceThatEndedOrRefusesIsNotWaitedFor() throws Exception {
    CompletableFuture<Boolean> refused = asked(20_000);
    awaitAdvice();
    checkpoint.heard(new Event.AdviceRefused("i1", "checkpoint", "HOOK"));
    assertThat(refused.get(10, TimeUnit.SECONDS)).isFalse();
    CompletableFuture<Boolean> ended = asked(20_000);
    serves.set(false);
    assertThat(ended.get(10, TimeUnit.SECONDS)).isFalse();
  }
}
