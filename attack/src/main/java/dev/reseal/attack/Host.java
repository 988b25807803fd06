package dev.reseal.attack;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.MachineDevice;
import dev.reseal.instance.Application;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Outcome;
import dev.reseal.instance.Output;
import dev.reseal.instance.Stores;
import dev.reseal.instance.Trust;
import dev.reseal.instance.Verb;
import dev.reseal.sealed.ContainerSource;
import dev.reseal.sealed.Workers;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Digests;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.InstanceMessage.SealReceipt;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.Kind;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What a supervisor can do: create instances, carry messages between them and the authority, keep
 * every container. The honest moves; an evil host plays them in another order or with other bytes.
 */
final class Host {
  static final String STORE = "ledger";
  private static final Cbor BALANCE = Cbor.of("balance");

  final Site site;
  final Map<Bytes, Bytes> containers = new HashMap<>();

  Host(Site site) {
    this.site = site;
  }

  /** An application that understands its one store. */
  private static final class Ledger implements Application {
    @Override
    public boolean understands(String store, long schemaVersion) {
      return store.equals(STORE) && schemaVersion == 1;
    }

    @Override
    public void restore(Stores stores) {}

    @Override
    public void onKey(Keyset keyset) {}
  }

  Instance create() {
    return create(Enclave.admitted());
  }

  Instance create(EnclaveIdentity identity) {
    return create(new MachineDevice(site.machine, identity), trust());
  }

  Trust trust() {
    return new Trust(List.of(site.signer.verifyKey()), Optional.empty(), site.lineage);
  }

  Instance create(MachineDevice device, Trust trust) {
    return new Instance(trust, device, new Ledger(), Randomness.system(), Workers.caller());
  }

  static void write(Instance instance, long balance) {
    instance.stores().declare(STORE, 1);
    instance.stores().put(STORE, BALANCE, Cbor.of(balance));
  }

  /** A further record. */
  static void note(Instance instance, String text) {
    instance.stores().put(STORE, Cbor.of("note"), Cbor.of(text));
  }

  /** So many further records, so that a container has segments worth the name. */
  static void fill(Instance instance, int records) {
    for (int i = 0; i < records; i++) {
      instance.stores().put(STORE, Cbor.of("record " + i), Cbor.of("content"));
    }
  }

  /** What the instance believes that it has; -1 for nothing. */
  static long balance(Instance instance) {
    return instance.stores().get(STORE, BALANCE).map(each -> ((Cbor.Int) each).value()).orElse(-1L);
  }

  Bytes challenge(Bytes opId) {
    Bytes call = Cbor.array(Cbor.of(site.lineage), Cbor.of(opId)).encode();
    return Site.answer(site.authority.post("challenge", call));
  }

  /** Challenge to grant-request. */
  Bytes attest(Instance candidate, Bytes opId) {
    return sent(MessageType.GRANT_REQUEST, candidate.obey(Verb.CHALLENGE, challenge(opId)));
  }

  Bytes granted(Instance candidate, Bytes opId) {
    return Site.answer(site.authority.post("grant-request", attest(candidate, opId)));
  }

  /** Attested, granted, restored from the container that was granted: the candidate's ready. */
  Bytes ready(Instance candidate, Bytes opId) {
    return restored(candidate, granted(candidate, opId));
  }

  private Bytes restored(Instance candidate, Bytes grant) {
    for (Output output : done(candidate.obey(Verb.GRANT, grant))) {
      if (output instanceof Output.Fetch(Bytes body)) {
        return sent(MessageType.READY, restore(candidate, container(body)));
      }
      if (output instanceof Output.BeginLineage) {
        return first(candidate);
      }
    }
    throw new IllegalStateException("the grant asked for nothing");
  }

  private Bytes first(Instance candidate) {
    try {
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      Bytes ready = sent(MessageType.READY, candidate.firstContainer(file));
      keep(Signed.peek(Ready.class, ready).bodyId(), file);
      return ready;
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
  }

  Bytes container(Bytes body) {
    return Objects.requireNonNull(containers.get(body), "no container " + body);
  }

  /** The candidate reads whatever file the host gives it. */
  static Outcome restore(Instance candidate, Bytes file) {
    try {
      return candidate.restore(ContainerSource.of(file));
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** ATTEST to RESUME. */
  Instance activate(Bytes opId) {
    Instance candidate = create();
    Bytes activation = Site.answer(site.authority.post("ready", ready(candidate, opId)));
    done(candidate.obey(Verb.ACTIVATION, activation));
    return candidate;
  }

  /** A serving instance of epoch 1 with a balance. */
  Instance serving(long balance) {
    site.born();
    Instance first = activate(site.begin(Kind.GENESIS, true));
    write(first, balance);
    return first;
  }

  /** The active instance locks under the ticket and seals; its receipt. */
  Bytes seal(Instance active, Bytes ticket) {
    done(active.obey(Verb.FINISH, ticket));
    done(active.drained());
    try {
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      Bytes receipt = sent(MessageType.SEAL_RECEIPT, active.seal(file));
      SealReceipt said = Signed.peek(SealReceipt.class, receipt);
      keep(Digests.body(said.core(), said.footer()), file);
      return receipt;
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** Up to SEALED: the op_id of a re-seal whose head is registered. */
  Bytes sealed(Instance active, boolean rotate) {
    Ask ask = site.ask(Kind.RESEAL, rotate, Ask.NOTHING);
    Bytes ticket = Site.answer(site.request(ask, site.operator));
    Site.answer(site.authority.post("seal-receipt", seal(active, ticket)));
    return ask.head().opId();
  }

  Bytes checkpointOf(Instance active) {
    try {
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      Bytes message = sent(MessageType.CHECKPOINT, active.checkpoint(file));
      Checkpoint said = Signed.peek(Checkpoint.class, message);
      keep(Digests.body(said.core(), said.footer()), file);
      return message;
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** Registered and acknowledged; the container of the head. */
  Bytes checkpoint(Instance active) {
    Bytes ack = Site.answer(site.authority.post("checkpoint", checkpointOf(active)));
    done(active.obey(Verb.CHECKPOINT_ACK, ack));
    return container(site.status().head().orElseThrow().bodyId());
  }

  static Bytes renewal(Instance active) {
    return sent(MessageType.RENEW, active.obey(Verb.RENEW, Bytes.EMPTY));
  }

  /** Asks for a passport and hands it over; what the authority said. */
  Reply renew(Instance active) {
    Reply reply = site.authority.post("renew", renewal(active));
    if (reply instanceof Reply.Answer(Bytes passport)) {
      done(active.obey(Verb.PASSPORT, passport));
    }
    return reply;
  }

  private void keep(Bytes body, ByteArrayOutputStream file) {
    containers.put(body, Bytes.wrap(file.toByteArray()));
  }

  static List<Output> done(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done(var outputs) -> outputs;
      case Outcome.Refused refused -> throw new IllegalStateException("refused: " + refused);
    };
  }

  static Bytes sent(MessageType type, Outcome outcome) {
    for (Output output : done(outcome)) {
      if (output instanceof Output.Send(var found, Bytes cose) && found == type) {
        return cose;
      }
    }
    throw new IllegalStateException("no " + type + " in " + outcome);
  }
}
