package dev.reseal.simulation;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Verb;
import dev.reseal.wire.Digests;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.Renew;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Messages of instances on their way through the supervisor (as in its post box). */
final class Post {
  private final World world;
  private final Map<String, Long> generations = new HashMap<>();
  private final List<Bytes> receipts = new ArrayList<>();
  private long withheldUntilMs;

  Post(World world) {
    this.world = world;
  }

  /** Every receipt ever signed. */
  List<Bytes> receipts() {
    return receipts;
  }

  void withholdCheckpoints(long ms) {
    withheldUntilMs = world.time.nowMs() + ms;
  }

  void receive(InstanceNode from, MessageType type, Bytes cose) {
    String handle = from.handle();
    switch (type) {
      case GRANT_REQUEST -> world.supervisor.hear(new Event.GrantAsked(handle, cose));
      case SEAL_RECEIPT -> {
        receipts.add(cose);
        SealReceipt receipt = Signed.peek(SealReceipt.class, cose);
        Bytes body = Digests.body(receipt.core(), receipt.footer());
        if (world.supervisor.shelf().containers().holds(body)) {
          world.supervisor.hear(new Event.Sealed(handle, body, cose));
        }
      }
      case READY -> {
        Ready ready = Signed.peek(Ready.class, cose);
        Optional<Bytes> body = ready.genesis().map(_ -> ready.bodyId());
        if (body.isEmpty() || world.supervisor.shelf().containers().holds(body.get())) {
          world.supervisor.hear(new Event.Ready(handle, body, cose));
        }
      }
      case CHECKPOINT -> checkpoint(from, cose);
      case RENEW -> renew(from, cose);
      case REQUEST,
          TICKET,
          OPEN,
          CHECKPOINT_ACK,
          CHALLENGE,
          GRANT,
          ACTIVATION,
          ABORT,
          REKEY_GRANT,
          PASSPORT,
          RETIRED,
          LOG_ENTRY,
          LOG_HEAD,
          PROOF ->
          throw new IllegalStateException("an instance sent " + type);
    }
  }

  /** The file is durable before the authority can make it the head. */
  private void checkpoint(InstanceNode from, Bytes cose) {
    if (!world.supervisor.up()) {
      return;
    }
    if (world.time.nowMs() < withheldUntilMs) {
      world.struck(Fault.CHECKPOINTS_WITHHELD.name());
      return;
    }
    Checkpoint checkpoint = Signed.peek(Checkpoint.class, cose);
    Bytes body = Digests.body(checkpoint.core(), checkpoint.footer());
    try {
      world.supervisor.shelf().containers().keep(body);
    } catch (IOException refused) {
      world.trace.line("checkpoint not kept: " + refused.getMessage());
      return;
    }
    long life = world.supervisor.life();
    world.network.post(
        "checkpoint",
        cose,
        reply -> {
          if (reply.isEmpty()
              || !(reply.get() instanceof Reply.Answer(Bytes ack))
              || world.supervisor.life() != life) {
            return;
          }
          superseded(body);
          world.supervisor.hear(new Event.Checkpointed(from.handle(), body));
          world.inOrder(
              from.handle(),
              () -> world.node(from.handle()).ifPresent(node -> acknowledged(node, ack)));
        });
  }

  private void acknowledged(InstanceNode node, Bytes ack) {
    node.acknowledged(ack);
    if (world.invariants.accepts(node)) {
      world.ledger.release(node);
    }
  }

  private void superseded(Bytes body) {
    try {
      world.supervisor.shelf().containers().supersededBy(body);
    } catch (IOException refused) {
      world.trace.line("nothing tidied: " + refused.getMessage());
    }
  }

  private void renew(InstanceNode from, Bytes cose) {
    if (!world.supervisor.up()) {
      return;
    }
    long gen = Signed.peek(Renew.class, cose).genInstalled();
    world.network.post(
        "renew",
        cose,
        reply -> {
          if (reply.isPresent() && reply.get() instanceof Reply.Answer(Bytes passport)) {
            installed(from, gen);
            world.advise(from.handle(), Verb.PASSPORT, passport);
          } else if (reply.isPresent()) {
            newestPassport(from);
          }
        });
  }

  /** It may have been renewed without hearing of it: the status has the newest passport. */
  private void newestPassport(InstanceNode from) {
    world.network.get(
        "status/" + AuthorityNode.LINEAGE.toHex(),
        reply -> {
          if (reply.isPresent() && reply.get() instanceof Reply.Answer(Bytes body)) {
            Status.decode(body)
                .active()
                .filter(active -> active.instanceId().equals(from.inside().instanceId()))
                .ifPresent(active -> world.advise(from.handle(), Verb.PASSPORT, active.passport()));
          }
        });
  }

  /** A renewal names the generation that is installed. */
  private void installed(InstanceNode from, long gen) {
    world.supervisor.hear(new Event.Installed(from.handle(), gen));
    Long before = generations.put(from.handle(), gen);
    if (before == null || gen > before) {
      from.reencrypted();
    }
  }
}
