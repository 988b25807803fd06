package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Application;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Outcome;
import dev.reseal.instance.Output;
import dev.reseal.instance.State;
import dev.reseal.instance.Stores;
import dev.reseal.instance.Trust;
import dev.reseal.lifecycle.Verb;
import dev.reseal.platform.Device;
import dev.reseal.sealed.ContainerSource;
import dev.reseal.sealed.Workers;
import dev.reseal.wire.AuthorityMessage.Abort;
import dev.reseal.wire.AuthorityMessage.Ticket;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Passport;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/** The real Java instance, with what the SDK's engine does around it: one call after another. */
final class InstanceNode {
  /** What an instance tells its supervisor. */
  interface Ears {
    /** A step of its machine, whatever the supervisor hears of it. */
    void stepped(InstanceNode from, State before, State after);

    void message(InstanceNode from, MessageType type, Bytes cose);

    void refused(InstanceNode from, Verb verb, String rule);

    /** The stream of a container; throws what the supervisor's disk throws. */
    void container(InstanceNode from, Bytes content) throws IOException;

    void restoreFailed(InstanceNode from, String rule, String detail);

    void platformChecked(InstanceNode from, boolean same);
  }

  private final String handle;
  private final Device device;
  private final Instance instance;
  private final Ears ears;
  private State announced = State.BORN;
  private Optional<Bytes> ready = Optional.empty();
  private Optional<Bytes> receipt = Optional.empty();
  private Optional<Bytes> ticket = Optional.empty();
  private Bytes parsed = Bytes.EMPTY;
  private Optional<Passport> passport = Optional.empty();
  private int recorded;
  private int accounted;

  /**
   * Born.
   *
   * @param restores whether its application takes the state that it is given
   * @param record gets every step of its machine
   */
  InstanceNode(
      String handle,
      Trust trust,
      Device device,
      BooleanSupplier restores,
      Randomness randomness,
      Ears ears,
      Consumer<Step> record) {
    this.handle = handle;
    this.device = device;
    this.ears = ears;
    this.instance =
        new Instance(
            trust,
            device,
            new Records(restores),
            randomness,
            Workers.caller(),
            (from, input, step) -> {
              recorded++;
              record.accept(Step.of(instanceId(), from, input, step));
            });
  }

  private Bytes instanceId() {
    return instance.instanceId();
  }

  /** An application that takes whatever it is given, unless the world says otherwise. */
  private record Records(BooleanSupplier restores) implements Application {
    @Override
    public boolean understands(String store, long schemaVersion) {
      return store.equals(Ledger.STORE) && schemaVersion == 1;
    }

    @Override
    public void restore(Stores stores) throws HookException {
      if (stores.version() < 0 || !restores.getAsBoolean()) {
        throw new HookException("it cannot take this state");
      }
    }

    @Override
    public void onKey(Keyset keyset) throws HookException {
      if (keyset.generations().isEmpty()) {
        throw new HookException("no key");
      }
    }
  }

  String handle() {
    return handle;
  }

  Bytes image() {
    return device.mrenclave();
  }

  Instance inside() {
    return instance;
  }

  /** Its process ends, and its enclave with it. */
  void close() {
    instance.close();
    device.close();
  }

  Optional<Bytes> ready() {
    return ready;
  }

  Optional<Bytes> receipt() {
    return receipt;
  }

  /** The newest passport, read. */
  Optional<Passport> passport() {
    Bytes cose = instance.passport().orElse(Bytes.EMPTY);
    if (!cose.equals(parsed)) {
      parsed = cose;
      passport =
          cose.size() == 0 ? Optional.empty() : Optional.of(Signed.peek(Passport.class, cose));
    }
    return passport;
  }

  void obey(Verb verb, Bytes payload, Function<Bytes, Optional<Bytes>> containers) {
    State before = instance.state();
    try {
      switch (verb) {
        case CHECKPOINT -> streamed(verb, instance::checkpoint, containers);
        case SEAL -> streamed(verb, instance::seal, containers);
        case EXIT -> instance.close();
        case CHALLENGE,
            PLAT_CHECK,
            GRANT,
            ACTIVATION,
            FINISH,
            ABORT,
            REKEY_GRANT,
            PASSPORT,
            RENEW,
            RETIRED ->
            done(
                verb,
                instance.obey(dev.reseal.instance.Verb.named(verb.word()), payload),
                containers);
      }
    } catch (IOException broken) {
      ears.refused(this, verb, "DISK");
    }
    remember(verb, payload, before);
  }

  private void remember(Verb verb, Bytes payload, State before) {
    if (verb == Verb.FINISH && before == State.SERVING && instance.state() == State.LOCKED) {
      ticket = Optional.of(payload);
    }
    if (before == State.LOCKED && instance.state() == State.SERVING) {
      Check.that(verb == Verb.ABORT, "T7", handle + " left LOCKED after " + verb);
      Abort abort = Signed.peek(Abort.class, payload);
      Ticket locked = Signed.peek(Ticket.class, ticket.orElseThrow());
      Check.that(
          abort.head().opId().equals(locked.head().opId())
              && abort.instanceId().equals(instance.instanceId()),
          "T7",
          handle + " left LOCKED by the abort of another operation or instance");
    }
  }

  /** Its application re-encrypted everything under the newest generation. */
  void reencrypted() {
    instance.gen().ifPresent(instance::raiseGenFloor);
  }

  void acknowledged(Bytes ack) {
    done(
        Verb.CHECKPOINT,
        instance.obey(dev.reseal.instance.Verb.CHECKPOINT_ACK, ack),
        _ -> Optional.empty());
  }

  private interface Streaming {
    Outcome to(ByteArrayOutputStream target) throws IOException;
  }

  private void streamed(Verb verb, Streaming streaming, Function<Bytes, Optional<Bytes>> containers)
      throws IOException {
    ByteArrayOutputStream target = new ByteArrayOutputStream();
    Outcome outcome = streaming.to(target);
    if (outcome instanceof Outcome.Done) {
      ears.container(this, Bytes.wrap(target.toByteArray()));
    }
    done(verb, outcome, containers);
  }

  private void done(Verb verb, Outcome outcome, Function<Bytes, Optional<Bytes>> containers) {
    switch (outcome) {
      case Outcome.Refused(_, String rule, _) -> ears.refused(this, verb, rule);
      case Outcome.Done(List<Output> outputs) -> {
        Check.that(recorded > accounted, "TRACE", handle + " obeyed " + verb + " without a step");
        accounted = recorded;
        outputs.forEach(output -> carryOut(output, containers));
      }
    }
  }

  private void carryOut(Output output, Function<Bytes, Optional<Bytes>> containers) {
    try {
      switch (output) {
        case Output.Moved(State next) -> moved(next, containers);
        case Output.Send(MessageType type, Bytes cose) -> send(type, cose);
        case Output.PlatChecked(List<Boolean> halves) ->
            ears.platformChecked(this, halves.contains(true));
        case Output.BeginLineage() -> streamed(Verb.GRANT, instance::firstContainer, containers);
        case Output.WriteContainer() -> streamed(Verb.SEAL, instance::seal, containers);
        case Output.Fetch(Bytes bodyId) -> restored(containers.apply(bodyId));
      }
    } catch (IOException broken) {
      ears.refused(this, Verb.SEAL, "DISK");
    }
  }

  private void restored(Optional<Bytes> container) {
    Bytes content = container.orElse(Bytes.EMPTY);
    Outcome outcome;
    try {
      outcome = instance.restore(ContainerSource.of(content));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    if (outcome instanceof Outcome.Refused(_, String rule, String detail)) {
      step();
      ears.restoreFailed(this, rule, detail);
    } else {
      done(Verb.GRANT, outcome, _ -> Optional.empty());
    }
  }

  /** A refusal that ends in DEAD is announced by nobody else. */
  private void step() {
    if (announced != instance.state()) {
      ears.stepped(this, announced, instance.state());
      announced = instance.state();
    }
  }

  private void moved(State next, Function<Bytes, Optional<Bytes>> containers) {
    ears.stepped(this, announced, next);
    announced = next;
    if (next == State.QUIESCING) {
      done(Verb.FINISH, instance.drained(), containers);
    }
  }

  private void send(MessageType type, Bytes cose) {
    if (type == MessageType.READY) {
      ready = Optional.of(cose);
    }
    if (type == MessageType.SEAL_RECEIPT) {
      receipt = Optional.of(cose);
    }
    ears.message(this, type, cose);
  }
}
