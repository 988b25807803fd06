package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerSource;
import dev.reseal.sealed.Workers;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Digests;
import dev.reseal.wire.InstanceMessage.GrantRequest;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.Message;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.VerifyKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Brings instances into each state with the messages of {@link Side}. */
final class Walk {
  static final Bytes MRENCLAVE = Bytes.ascii("the image").sha256();

  final Side side;
  final Instance instance;
  final App app = new App();
  final Traced traced = new Traced();

  /** An application with one store; it can be told to fail. */
  static final class App implements Application {
    final List<Long> generations = new ArrayList<>();
    boolean failing;
    boolean breaking;
    Optional<Keyset> offered = Optional.empty();

    @Override
    public boolean understands(String store, long schemaVersion) {
      return store.equals("users") && schemaVersion == 1;
    }

    @Override
    public void restore(Stores stores) throws HookException {
      fail();
    }

    @Override
    public void onKey(Keyset keyset) throws HookException {
      offered = Optional.of(keyset);
      fail();
      generations.add(keyset.active().gen());
    }

    private void fail() throws HookException {
      if (breaking) {
        throw new IllegalStateException("told to break");
      }
      if (failing) {
        throw new HookException("told to fail");
      }
    }
  }

  Walk(Side side) {
    this(side, new SoftDevice("this machine", MRENCLAVE));
  }

  Walk(Side side, SoftDevice device) {
    this.side = side;
    Trust trust = new Trust(List.of(side.authority.verifyKey()), Optional.empty(), Side.LINEAGE);
    this.instance =
        new Instance(trust, device, app, Randomness.system(), Workers.caller(), traced::stepped);
  }

  List<Output> done(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done(var outputs) -> outputs;
      case Outcome.Refused refused -> throw new AssertionError("refused: " + refused);
    };
  }

  /** What is obeyed is a step. */
  List<Output> obey(Verb verb, Message message) {
    int before = traced.steps();
    List<Output> outputs = done(instance.obey(verb, side.sign(message)));
    if (traced.steps() == before) {
      throw new AssertionError(verb + " was obeyed without a step");
    }
    return outputs;
  }

  <M extends Message> Signed<M> sent(Class<M> type, List<Output> outputs) {
    VerifyKey mine = new VerifyKey(instance.born().get(1));
    for (Output output : outputs) {
      if (output instanceof Output.Send(var found, Bytes cose)) {
        if (found.wireName().equals(cosename(type))) {
          return Signed.verify(type, cose, mine);
        }
      }
    }
    throw new AssertionError("no " + type.getSimpleName() + " in " + outputs);
  }

  private static String cosename(Class<?> type) {
    return type.getSimpleName()
        .replaceAll("([a-z])([A-Z])", "$1-$2")
        .toLowerCase(java.util.Locale.ROOT);
  }

  Signed<GrantRequest> attest(Side.Operation operation) {
    return sent(GrantRequest.class, obey(Verb.CHALLENGE, side.challenge(operation)));
  }

  /** A container in memory and the message about it. */
  record Sealed<M extends Message>(Bytes file, Signed<M> message) {}

  private interface Streamed {
    Outcome to(ByteArrayOutputStream target) throws IOException;
  }

  private <M extends Message> Sealed<M> sealed(Class<M> type, Streamed streamed) {
    try {
      ByteArrayOutputStream target = new ByteArrayOutputStream();
      List<Output> outputs = done(streamed.to(target));
      return new Sealed<>(Bytes.wrap(target.toByteArray()), sent(type, outputs));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  Sealed<SealReceipt> seal() {
    return sealed(SealReceipt.class, instance::seal);
  }

  Sealed<dev.reseal.wire.InstanceMessage.Checkpoint> checkpoint() {
    return sealed(dev.reseal.wire.InstanceMessage.Checkpoint.class, instance::checkpoint);
  }

  /** BORN to SERVING in a new lineage, with three users. */
  Side.Operation genesis() {
    Side.Operation operation = Side.operation(1);
    Signed<GrantRequest> request = attest(operation);
    obey(Verb.GRANT, side.grant(operation, request, Optional.empty()));
    Ready ready = sealed(Ready.class, instance::firstContainer).message().message();
    obey(Verb.ACTIVATION, side.activation(operation, instance, ready, 1));
    instance.stores().declare("users", 1);
    for (String name : List.of("ada", "bob", "eve")) {
      instance.stores().put("users", Cbor.of(name), Cbor.of(name + "'s record"));
    }
    return operation;
  }

  /** SERVING to LOCKED under the next operation. */
  void lock(Side.Operation current, Side.Operation next) {
    obey(Verb.FINISH, side.ticket(current, next, instance));
    done(instance.drained());
  }

  Outcome restore(Bytes file) {
    try {
      return instance.restore(ContainerSource.of(file));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** What the register has of it. */
  static Side.Registered registered(Side.Operation current, Sealed<SealReceipt> sealed) {
    SealReceipt receipt = sealed.message().message();
    return new Side.Registered(
        receipt.core(),
        Digests.body(receipt.core(), receipt.footer()),
        receipt.slots(),
        current.wrap());
  }

  /** A successor in RESTORING with a grant for what was sealed. */
  static Walk granted(
      Side side, Side.Operation current, Side.Operation next, Sealed<SealReceipt> sealed) {
    return granted(side, current, next, sealed, new SoftDevice("this machine", MRENCLAVE));
  }

  static Walk granted(
      Side side,
      Side.Operation current,
      Side.Operation next,
      Sealed<SealReceipt> sealed,
      SoftDevice device) {
    Side.Registered state = registered(current, sealed);
    Walk successor = new Walk(side, device);
    Signed<GrantRequest> request = successor.attest(next);
    successor.obey(Verb.GRANT, side.grant(next, request, Optional.of(state)));
    return successor;
  }
}
