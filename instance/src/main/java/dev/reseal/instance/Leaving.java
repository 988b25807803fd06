package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerWriter;
import dev.reseal.wire.AuthorityMessage.Abort;
import dev.reseal.wire.AuthorityMessage.Ticket;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.Signed;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** From SERVING to LOCKED, and back only by the abort of the same operation. */
final class Leaving {
  private Leaving() {}

  static void finish(Body body, Bytes payload, List<Output> out) {
    Signed<Ticket> ticket = body.ears.hear(Ticket.class, payload);
    body.allow(Input.FINISH);
    Tenure tenure = body.tenure();
    if (!body.ears.names(ticket.message().instanceId())) {
      throw body.refusal(Input.FINISH_OTHER);
    }
    Head head = ticket.message().head();
    if (head.epoch() != tenure.epoch || !tenure.mayLock(head.fence())) {
      throw body.refusal(Input.FINISH_FENCED);
    }
    body.move(Input.FINISH, new Phase.Quiescing(tenure, ticket), out);
  }

  static void drained(Body body, List<Output> out) {
    body.allow(Input.DRAINED);
    if (!(body.phase() instanceof Phase.Quiescing(Tenure tenure, Signed<Ticket> ticket))) {
      throw new IllegalStateException("QUIESCING without a ticket");
    }
    body.move(Input.DRAINED, new Phase.Locked(tenure, ticket), out);
    tenure.locked(ticket.message().head().fence());
    out.add(new Output.WriteContainer());
  }

  static void drainDeadline(Body body, List<Output> out) {
    body.allow(Input.DRAIN_DEADLINE);
    body.move(Input.DRAIN_DEADLINE, new Phase.Serving(body.tenure()), out);
  }

  static void seal(Body body, OutputStream target, List<Output> out) throws IOException {
    body.allow(Input.SEAL);
    if (!(body.phase() instanceof Phase.Locked(Tenure tenure, Signed<Ticket> ticket))) {
      throw new IllegalStateException("LOCKED without a ticket");
    }
    Head operation = ticket.message().head();
    Body.Target to =
        new Body.Target(
            tenure.epoch,
            operation.opId(),
            operation.fence(),
            tenure.wrapKey,
            ticket.message().transferKey(),
            tenure.policy);
    Body.Ending ending = new Body.Ending(tenure.nextSeq(), tenure.gen(), tenure.genFloor());
    ContainerWriter.Body written = body.write(to, ending, target);
    Head head = new Head(operation.lineage(), operation.opId(), operation.fence(), tenure.epoch);
    body.send(
        new SealReceipt(head, written.core(), written.slots(), written.footer(), ticket.digest()),
        out);
    body.stay(Input.SEAL, out);
  }

  static void abort(Body body, Bytes payload, List<Output> out) {
    Abort abort = body.ears.hear(Abort.class, payload).message();
    body.allow(Input.ABORT);
    if (!(body.phase() instanceof Phase.Locked(Tenure tenure, Signed<Ticket> ticket))) {
      throw new IllegalStateException("LOCKED without a ticket");
    }
    if (!body.ears.names(abort.instanceId()) || !abort.head().equals(ticket.message().head())) {
      throw body.refusal(Input.ABORT_OTHER);
    }
    body.move(Input.ABORT, new Phase.Serving(tenure), out);
  }
}
