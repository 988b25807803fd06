package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Device;
import dev.reseal.sealed.ContainerWriter;
import dev.reseal.sealed.Sealing;
import dev.reseal.sealed.StateRecord;
import dev.reseal.sealed.Workers;
import dev.reseal.wire.Code;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.Message;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/** The one mutable heart of an instance: its phase, its keys, its stores. */
final class Body {
  /** Version of the SDK's own stores (protocol 5.2, field 9). */
  private static final long LAYOUT = 1;

  final Identity identity;
  final Ears ears;
  final Inside inside;
  final Application application;
  final Randomness randomness;
  final Workers workers;
  private final Observer observer;
  private final Trust trust;
  private Phase phase = new Phase.Born(Optional.empty());
  private Stores stores = new Stores();

  Body(
      Trust trust,
      Device device,
      Application application,
      Randomness randomness,
      Workers workers,
      Observer observer) {
    this.trust = trust;
    this.observer = observer;
    this.inside = new Inside(device);
    this.application = application;
    this.randomness = randomness;
    this.workers = workers;
    this.identity = Identity.generate(randomness);
    this.ears = new Ears(trust, identity);
  }

  Phase phase() {
    return phase;
  }

  Stores stores() {
    return stores;
  }

  void stores(Stores restored) {
    stores = restored;
  }

  /** Refuses an input that the machine does not allow now. */
  void allow(Input input) {
    switch (Machine.step(phase.state(), input)) {
      case Machine.Step.To _ -> {}
      case Machine.Step.Refused refused -> throw refused(input, refused);
    }
  }

  /** Refuses by a row of the table that always refuses. */
  RefusedException refusal(Input input) {
    return switch (Machine.step(phase.state(), input)) {
      case Machine.Step.To(State next) ->
          throw new IllegalStateException(input.row() + " leads to " + next);
      case Machine.Step.Refused refused -> refused(input, refused);
    };
  }

  private RefusedException refused(Input input, Machine.Step.Refused refused) {
    observer.stepped(phase.state(), input, refused);
    return new RefusedException(refused.rule(), input.row() + " in " + phase.state());
  }

  /** Moves as the machine says; {@code next} must be the phase of that state. */
  void move(Input input, Phase next, List<Output> out) {
    allow(input);
    if (!Machine.step(phase.state(), input).equals(new Machine.Step.To(next.state()))) {
      throw new IllegalStateException(
          input.row() + " does not lead from " + phase.state() + " to " + next.state());
    }
    State before = phase.state();
    phase = next;
    observer.stepped(before, input, new Machine.Step.To(next.state()));
    if (before != next.state()) {
      out.add(new Output.Moved(next.state()));
    }
  }

  /** An input that leads nowhere else was obeyed; called last, when nothing can refuse it. */
  void stay(Input input, List<Output> out) {
    move(input, phase, out);
  }

  void die(Input input, List<Output> out) {
    Optional<Tenure> tenure = currentTenure();
    move(input, new Phase.Dead(), out);
    tenure.ifPresent(Tenure::close);
    erase();
  }

  /** Zeroises the keys; the stores are dropped with them. */
  void erase() {
    currentTenure().ifPresent(Tenure::close);
    identity.kem().close();
    stores = new Stores();
    phase = new Phase.Dead();
  }

  Optional<Tenure> currentTenure() {
    return switch (phase) {
      case Phase.Installing(Tenure tenure) -> Optional.of(tenure);
      case Phase.Serving(Tenure tenure) -> Optional.of(tenure);
      case Phase.Quiescing(Tenure tenure, _) -> Optional.of(tenure);
      case Phase.Locked(Tenure tenure, _) -> Optional.of(tenure);
      case Phase.Born _, Phase.Restoring _, Phase.Standby _, Phase.Dead _ -> Optional.empty();
    };
  }

  Tenure tenure() {
    return currentTenure()
        .orElseThrow(
            () -> new RefusedException(Code.WRONG_STATE, "not activated: " + phase.state()));
  }

  void send(Message message, List<Output> out) {
    send(sign(message), out);
  }

  void send(Signed<?> message, List<Output> out) {
    out.add(new Output.Send(message.message().type(), message.cose()));
  }

  <M extends Message> Signed<M> sign(M message) {
    return Signed.sign(message, identity.signature());
  }

  /**
   * For whom a container is sealed.
   *
   * @param opId and {@code fence}: those of the core
   */
  record Target(
      long epoch,
      Bytes opId,
      long fence,
      Bytes wrapKey,
      Optional<Bytes> transferKey,
      Essentials policy) {}

  /** What the footer says. */
  record Ending(long seq, long gen, long genFloor) {}

  /** Writes the whole state as one container of one round. */
  ContainerWriter.Body write(Target to, Ending ending, OutputStream target) throws IOException {
    Sealing.Subject subject =
        new Sealing.Subject(
            trust.lineage(),
            to.epoch(),
            to.opId(),
            to.fence(),
            identity.instanceId(),
            ears.newestLogHead(),
            LAYOUT,
            to.policy().digest());
    HpkeInfo operation = HpkeInfo.of(new Head(trust.lineage(), to.opId(), to.fence(), to.epoch()));
    var recipients =
        inside.recipients(
            operation, identity.instanceId(), to.wrapKey(), to.transferKey(), to.policy());
    try (Sealing sealing = Sealing.begin(subject, recipients, inside, randomness);
        ContainerWriter writer = sealing.writer(target, workers)) {
      writer.beginRound();
      for (StateRecord record : stores.records()) {
        writer.write(record);
      }
      writer.endRound();
      return writer.finish(ending.seq(), ending.gen(), ending.genFloor());
    }
  }
}
