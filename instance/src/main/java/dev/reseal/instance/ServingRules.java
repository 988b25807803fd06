package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerWriter;
import dev.reseal.sealed.Core;
import dev.reseal.wire.AuthorityMessage.CheckpointAck;
import dev.reseal.wire.AuthorityMessage.Retired;
import dev.reseal.wire.Code;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.InstanceMessage.Renew;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/** What an active instance does besides serving: checkpoints, renewals, retired keys. */
final class ServingRules {
  private ServingRules() {}

  static void checkpoint(Body body, OutputStream target, List<Output> out) throws IOException {
    body.allow(Input.CHECKPOINT);
    Tenure tenure = body.tenure();
    long version = body.stores().version();
    Body.Target to =
        new Body.Target(
            tenure.epoch,
            Core.CHECKPOINT,
            tenure.fence,
            tenure.wrapKey,
            Optional.empty(),
            tenure.policy);
    Body.Ending ending = new Body.Ending(tenure.nextSeq(), tenure.gen(), tenure.genFloor());
    ContainerWriter.Body written = body.write(to, ending, target);
    Bytes nonce = body.randomness.bytes(32);
    Checkpoint checkpoint =
        new Checkpoint(
            tenure.head(body.randomness.bytes(16)),
            written.core(),
            written.slots(),
            written.footer(),
            nonce);
    tenure.checkpointed(
        new Tenure.Pending(checkpoint.head().opId(), nonce, written.bodyId(), version));
    body.send(checkpoint, out);
    body.stay(Input.CHECKPOINT, out);
  }

  static void checkpointAck(Body body, Bytes payload, List<Output> out) {
    CheckpointAck ack = body.ears.hear(CheckpointAck.class, payload).message();
    body.allow(Input.CHECKPOINT_ACK);
    Tenure tenure = body.tenure();
    Ears.current(ack.head(), tenure.epoch, tenure.fence);
    var logHead = body.ears.logHead(ack.logHead());
    if (!tenure.acknowledge(ack)) {
      throw new RefusedException(Code.BINDING_MISMATCH, "an ack of another checkpoint");
    }
    body.ears.learn(logHead);
    body.stay(Input.CHECKPOINT_ACK, out);
  }

  static void renew(Body body, List<Output> out) {
    body.allow(Input.RENEW);
    Tenure tenure = body.tenure();
    body.send(
        new Renew(
            tenure.head(body.randomness.bytes(16)),
            body.randomness.bytes(32),
            tenure.gen(),
            body.ears.newestLogHead(),
            tenure.passport().digest()),
        out);
    body.stay(Input.RENEW, out);
  }

  static void passport(Body body, Bytes payload, List<Output> out) {
    var found = body.ears.hear(dev.reseal.wire.Passport.class, payload);
    body.allow(Input.PASSPORT);
    Tenure tenure = body.tenure();
    var passport = body.ears.passport(payload, tenure.epoch, tenure.fence);
    var logHead = body.ears.logHead(found.message().logHead());
    tenure.keep(passport);
    body.ears.learn(logHead);
    body.stay(Input.PASSPORT, out);
  }

  static void retired(Body body, Bytes payload, List<Output> out) {
    Retired retired = body.ears.hear(Retired.class, payload).message();
    body.allow(Input.RETIRED);
    Tenure tenure = body.tenure();
    Ears.current(retired.head(), tenure.epoch, tenure.fence);
    var logHead = body.ears.logHead(retired.logHead());
    tenure.retire(retired.gens());
    body.ears.learn(logHead);
    body.stay(Input.RETIRED, out);
  }
}
