package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Verb;
import dev.reseal.supervisor.Authority.Reply;
import dev.reseal.wire.Code;
import dev.reseal.wire.Digests;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.Renew;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Messages of instances on their way to the authority. They are read only to know which container
 * they speak of: whether they count is for the authority to say.
 */
final class Postbox {
  /** The rule by which a renewal is refused that names another passport than the newest (6.4). */
  private static final String STALE = "STALE_PASSPORT";

  private final Containers containers;
  private final Authority authority;
  private final Consumer<Event> events;

  Postbox(Containers containers, Authority authority, Consumer<Event> events) {
    this.containers = containers;
    this.authority = authority;
    this.events = events;
  }

  /** The authority's answer, or empty when it will come as advice. */
  Optional<Bytes> receive(Link link, String name, Bytes message) throws IOException {
    return switch (MessageType.named(name)) {
      case GRANT_REQUEST -> {
        events.accept(new Event.GrantAsked(link.handle(), message));
        yield Optional.empty();
      }
      case SEAL_RECEIPT -> {
        SealReceipt receipt = Signed.peek(SealReceipt.class, message);
        Bytes body = present(Digests.body(receipt.core(), receipt.footer()));
        events.accept(new Event.Sealed(link.handle(), body, message));
        yield Optional.empty();
      }
      case READY -> {
        Ready ready = Signed.peek(Ready.class, message);
        Optional<Bytes> body = ready.genesis().map(_ -> present(ready.bodyId()));
        events.accept(new Event.Ready(link.handle(), body, message));
        yield Optional.empty();
      }
      case CHECKPOINT -> Optional.of(checkpoint(link, message));
      case RENEW -> Optional.of(renew(link, message));
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
          throw new WireException(
              WireException.Rule.FIELD, "an instance does not send '" + name + "'");
    };
  }

  private Bytes present(Bytes body) {
    if (!containers.holds(body)) {
      throw new AuthorityException(
          WireError.of(Code.STALE_SEALED_STATE, "container " + body + " has not arrived"));
    }
    return body;
  }

  /** The file is durable before the authority can make it the head. */
  private Bytes checkpoint(Link link, Bytes message) throws IOException {
    Checkpoint checkpoint = Signed.peek(Checkpoint.class, message);
    Bytes body = present(Digests.body(checkpoint.core(), checkpoint.footer()));
    containers.keep(body);
    Bytes ack = authority.post(MessageType.CHECKPOINT.wireName(), message).orThrow();
    containers.supersededBy(body);
    events.accept(new Event.Checkpointed(link.handle(), body));
    return ack;
  }

  private Bytes renew(Link link, Bytes message) {
    Renew renew = Signed.peek(Renew.class, message);
    Reply reply = authority.post(MessageType.RENEW.wireName(), message);
    if (reply instanceof Reply.Refused(WireError error) && error.rule().equals(STALE)) {
      adviseNewest(link, authority.status(renew.head().lineage()));
    }
    Bytes passport = reply.orThrow();
    events.accept(new Event.Installed(link.handle(), renew.genInstalled()));
    return passport;
  }

  /** An answer was lost on its way here or from here: status has the passport that it was. */
  private static void adviseNewest(Link link, Status status) {
    status
        .active()
        .filter(active -> link.instanceId().equals(Optional.of(active.instanceId())))
        .ifPresent(active -> link.advise(Verb.PASSPORT, active.passport()));
  }
}
