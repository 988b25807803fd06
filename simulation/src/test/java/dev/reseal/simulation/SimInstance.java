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
import dev.reseal.wire.Keyset;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/** The real Java instance, with what the SDK's engine does around it: one call after another. */
final class SimInstance {
  /** What an instance tells its supervisor. */
  interface Ears {
    /** A step of its machine, whatever the supervisor hears of it. */
    void stepped(SimInstance from, State before, State after);

    void moved(SimInstance from);

    void message(SimInstance from, MessageType type, Bytes cose);

    void refused(SimInstance from, Verb verb, String rule);

    void container(SimInstance from, Bytes content);

    void restoreFailed(SimInstance from, String rule, String detail);

    void platformChecked(SimInstance from, boolean same);
  }

  private final String handle;
  private final Device device;
  private final Instance instance;
  private final Ears ears;
  private State announced = State.BORN;
  private Optional<Bytes> ready = Optional.empty();
  private Optional<Bytes> receipt = Optional.empty();

  SimInstance(String handle, Device device, Ears ears) {
    this.handle = handle;
    this.device = device;
    this.ears = ears;
    Trust trust =
        new Trust(List.of(SimAuthority.SIGNER.verifyKey()), Optional.empty(), SimAuthority.LINEAGE);
    this.instance =
        new Instance(
            trust,
            new DeviceNode(device, () -> true),
            new Records(),
            Randomness.system(),
            Workers.caller());
  }

  /** An application that takes whatever it is given. */
  private static final class Records implements Application {
    @Override
    public boolean understands(String store, long schemaVersion) {
      return store.equals("records") && schemaVersion == 1;
    }

    @Override
    public void restore(Stores stores) throws HookException {
      if (stores.version() < 0) {
        throw new HookException("a negative version");
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

  Instance inside() {
    return instance;
  }

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

  void obey(Verb verb, Bytes payload, java.util.function.Function<Bytes, Bytes> containers) {
    try {
      switch (verb) {
        case CHECKPOINT -> streamed(verb, instance::checkpoint);
        case SEAL -> streamed(verb, instance::seal);
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
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  void acknowledged(Bytes ack) {
    done(
        Verb.CHECKPOINT, instance.obey(dev.reseal.instance.Verb.CHECKPOINT_ACK, ack), body -> body);
  }

  private interface Streaming {
    Outcome to(ByteArrayOutputStream target) throws IOException;
  }

  private void streamed(Verb verb, Streaming streaming) throws IOException {
    ByteArrayOutputStream target = new ByteArrayOutputStream();
    Outcome outcome = streaming.to(target);
    if (outcome instanceof Outcome.Done) {
      ears.container(this, Bytes.wrap(target.toByteArray()));
    }
    done(verb, outcome, body -> body);
  }

  private void done(
      Verb verb, Outcome outcome, java.util.function.Function<Bytes, Bytes> containers) {
    switch (outcome) {
      case Outcome.Refused(_, String rule, _) -> ears.refused(this, verb, rule);
      case Outcome.Done(List<Output> outputs) ->
          outputs.forEach(output -> carryOut(output, containers));
    }
  }

  private void carryOut(Output output, java.util.function.Function<Bytes, Bytes> containers) {
    try {
      switch (output) {
        case Output.Moved(State next) -> moved(next);
        case Output.Send(MessageType type, Bytes cose) -> send(type, cose);
        case Output.PlatChecked(List<Boolean> halves) ->
            ears.platformChecked(this, halves.contains(true));
        case Output.BeginLineage() -> streamed(Verb.GRANT, instance::firstContainer);
        case Output.WriteContainer() -> streamed(Verb.SEAL, instance::seal);
        case Output.Fetch(Bytes bodyId) -> restored(containers.apply(bodyId));
      }
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private void restored(Bytes container) throws IOException {
    Outcome outcome = instance.restore(ContainerSource.of(container));
    if (outcome instanceof Outcome.Refused(_, String rule, String detail)) {
      ears.restoreFailed(this, rule, detail);
    }
    done(Verb.GRANT, outcome, body -> body);
  }

  private void moved(State next) {
    ears.stepped(this, announced, next);
    announced = next;
    ears.moved(this);
    if (instance.state() == State.QUIESCING) {
      done(Verb.FINISH, instance.drained(), body -> body);
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
