package dev.reseal.authority;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Machine;
import dev.reseal.emulator.MachineDevice;
import dev.reseal.emulator.PlatformIdentity;
import dev.reseal.instance.Application;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Outcome;
import dev.reseal.instance.Output;
import dev.reseal.instance.Stores;
import dev.reseal.instance.Trust;
import dev.reseal.instance.Verb;
import dev.reseal.quote.P256;
import dev.reseal.sealed.ContainerSource;
import dev.reseal.sealed.Workers;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.Kind;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Mode;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import dev.reseal.wire.Target;
import dev.reseal.wire.WireError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * An authority in one thread, with real instances on a real emulated machine, their quotes judged
 * by the real verifier. The store may be replaced and the authority started again over it.
 */
final class World {
  // As ./reseal does; the JDK's own provider takes several times as long.
  static {
    P256.preferFastest();
  }

  static final Bytes LINEAGE = Bytes.hex("00112233445566778899aabbccddeeff");
  static final String NAME = "customers";
  static final Bytes IMAGE = Bytes.ascii("the image").sha256();

  final SigningKey signer = SigningKey.generate(Randomness.system());
  final SigningKey operator = SigningKey.generate(Randomness.system());
  final SigningKey supervisor = SigningKey.generate(Randomness.system());
  final Hands clocks = new Hands();
  final Machine machine;
  final Path home;
  final Map<Bytes, Bytes> containers = new HashMap<>();
  Store store = new MemoryStore();
  Anchor anchor = new MemoryAnchor();
  KeyStore keys = new MemoryKeys();
  Essentials.Env env = Essentials.Env.DEMO;
  AuthorityService service;

  World(Path home) {
    this.home = home;
    try {
      Path platform = home.resolve("platform");
      this.machine =
          Machine.init(platform, PlatformIdentity.FIRST_FMSPC, Instant.ofEpochMilli(clocks.wall));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    clocks.pass(1_000);
    this.service = started();
  }

  AuthorityService started() {
    return new AuthorityService(
        store,
        anchor,
        keys,
        signer,
        new AuthorityService.Setup(
            env,
            List.of(operator.verifyKey()),
            new DcapJudge(home.resolve("platform/collateral")),
            clocks,
            Randomness.system()));
  }

  void restart() {
    service = started();
  }

  /** The policy of these tests; {@code more} are fields added to it. */
  String policy(String more) {
    return """
    {"version": 1, "lineages": [{"name": "customers", "lineage": "%s",
      "env": "demo", "binding": "enclave", "recovery": "none",
      "rpo_updates": 64, "state_max": 1048576, "purposes": ["records"],
      "allowed": [{"mrenclave": "%s", "isvprodid": 1, "least_isvsvn": 2}],
      "platforms": [{"kind": "emulated", "root_spki_sha256": "%s"}],
      "operators": ["%s"],
      "supervisors": [{"key": "%s", "may": ["takeover", "abort", "retire"]}],
      "life_ms": 2000, "skew_ms": 200, "rekey_grace_s": 2%s}]}
    """
        .formatted(
            LINEAGE,
            IMAGE,
            machine.info().root(),
            operator.verifyKey().spki(),
            supervisor.verifyKey().spki(),
            more);
  }

  static Bytes bytes(String text) {
    return Bytes.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  Status status() {
    return Status.decode(answer(service.get("status/" + LINEAGE)));
  }

  static Bytes answer(Reply reply) {
    return switch (reply) {
      case Reply.Answer(Bytes body) -> body;
      case Reply.Nothing() -> Bytes.EMPTY;
      case Reply.Refused(WireError error) -> throw new AssertionError("refused: " + error);
      case Reply.Unknown() -> throw new AssertionError("unknown call");
    };
  }

  static WireError refusal(Reply reply) {
    return switch (reply) {
      case Reply.Refused(WireError error) -> error;
      case Reply.Answer _, Reply.Nothing _, Reply.Unknown _ ->
          throw new AssertionError("not refused: " + reply);
    };
  }

  Ask ask(Kind kind, boolean rotate, Ask.Extra extra) {
    Optional<Status> row = row();
    Head head =
        new Head(
            LINEAGE,
            Randomness.system().bytes(16),
            row.map(status -> status.operation().fence()).orElse(0L),
            row.map(status -> status.operation().epoch()).orElse(0L));
    return new Ask(
        head,
        kind,
        kind == Kind.RESEAL ? Optional.of(Mode.SEQUENTIAL) : Optional.empty(),
        targets(kind),
        rotate,
        extra);
  }

  Row stored() {
    return Ledger.decode(LINEAGE, store.row(LINEAGE).orElseThrow().row());
  }

  /** Behind the authority's back: the log knows nothing of it. */
  void put(Row row) {
    long version = store.row(LINEAGE).orElseThrow().version();
    Bytes bytes = Ledger.encode(row);
    store.commit(new Store.Change(LINEAGE, NAME, version, bytes, List.of(), Map.of()));
  }

  private Optional<Status> row() {
    return switch (service.get("status/" + LINEAGE)) {
      case Reply.Answer(Bytes body) -> Optional.of(Status.decode(body));
      case Reply.Refused _, Reply.Nothing _, Reply.Unknown _ -> Optional.empty();
    };
  }

  List<Target> targets(Kind kind) {
    return switch (kind) {
      case GENESIS -> List.of(new Target(IMAGE, 1, 2, 2, Optional.empty()));
      case RESEAL, TAKEOVER, UPGRADE, MIGRATE, RECOVER ->
          List.of(new Target(IMAGE, 1, 2, 2, Optional.of(machine.info().id())));
      case REKEY, ABORT, RETIRE, CLOSE, POLICY -> List.of();
    };
  }

  Bytes signed(Ask ask, SigningKey by) {
    return Signed.sign(Request.of(ask, List.of()), by).cose();
  }

  Reply request(Ask ask, SigningKey by) {
    return service.post("request", signed(ask, by));
  }

  /** The lineage exists, without an instance. */
  void born() {
    answer(applied(policy("")));
  }

  /** The operator applies that policy file. */
  Reply applied(String policy) {
    return request(newer(policy), operator);
  }

  /** An unsigned request to put that policy file in the place of the one in force. */
  Ask newer(String policy) {
    Optional<Bytes> replaces = row().map(known -> known.policy().file());
    return ask(Kind.POLICY, false, new Ask.Extra.PolicyFile(bytes(policy), replaces));
  }

  /** Begins an operation and returns its op_id. */
  Bytes begin(Kind kind, boolean rotate) {
    Ask ask = ask(kind, rotate, Ask.NOTHING);
    answer(request(ask, operator));
    return ask.head().opId();
  }

  /** The application of these instances: it understands and refuses nothing. */
  private static final class App implements Application {
    @Override
    public boolean understands(String name, long schemaVersion) {
      return true;
    }

    @Override
    public void restore(Stores stores) {}

    @Override
    public void onKey(Keyset keyset) {}
  }

  EnclaveIdentity identity() {
    return new EnclaveIdentity(
        IMAGE,
        Bytes.ascii("signer").sha256(),
        Attributes.PRODUCTION.with(Attributes.INIT),
        0,
        1,
        2,
        Bytes.zeros(64),
        0,
        Bytes.zeros(16),
        Bytes.zeros(16));
  }

  Instance instance() {
    return instance(identity());
  }

  Instance instance(EnclaveIdentity identity) {
    return instance(machine, identity);
  }

  Instance instance(Machine on, EnclaveIdentity identity) {
    return new Instance(
        new Trust(List.of(signer.verifyKey()), Optional.empty(), LINEAGE),
        new MachineDevice(on, identity),
        new App(),
        Randomness.system(),
        Workers.caller());
  }

  Bytes challenge(Bytes opId) {
    return answer(service.post("challenge", Cbor.array(Cbor.of(LINEAGE), Cbor.of(opId)).encode()));
  }

  /** Challenge to grant-request: what a candidate would send. */
  Bytes attest(Instance candidate, Bytes opId) {
    return sent(MessageType.GRANT_REQUEST, candidate.obey(Verb.CHALLENGE, challenge(opId)));
  }

  /** Attested, granted, restored: the candidate's ready. */
  Bytes ready(Instance candidate, Bytes opId) {
    Bytes grant = answer(service.post("grant-request", attest(candidate, opId)));
    try {
      for (Output output : done(candidate.obey(Verb.GRANT, grant))) {
        if (output instanceof Output.Fetch(Bytes bodyId)) {
          return sent(
              MessageType.READY,
              candidate.restore(
                  ContainerSource.of(Objects.requireNonNull(containers.get(bodyId)))));
        }
        if (output instanceof Output.BeginLineage) {
          ByteArrayOutputStream file = new ByteArrayOutputStream();
          Bytes ready = sent(MessageType.READY, candidate.firstContainer(file));
          keep(Signed.peek(InstanceMessage.Ready.class, ready).bodyId(), file);
          return ready;
        }
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    throw new AssertionError("the grant asked for nothing");
  }

  /** The whole of ATTEST to RESUME. */
  Instance activate(Bytes opId) {
    Instance candidate = instance();
    Bytes activation = answer(service.post("ready", ready(candidate, opId)));
    done(candidate.obey(Verb.ACTIVATION, activation));
    return candidate;
  }

  /** A serving instance of epoch 1. */
  Instance serving() {
    born();
    return activate(begin(Kind.GENESIS, true));
  }

  /** The active instance locks under its ticket and seals; its receipt. */
  Bytes seal(Instance active, Bytes ticket) {
    done(active.obey(Verb.FINISH, ticket));
    done(active.drained());
    try {
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      Bytes receipt = sent(MessageType.SEAL_RECEIPT, active.seal(file));
      InstanceMessage.SealReceipt message = Signed.peek(InstanceMessage.SealReceipt.class, receipt);
      keep(Digests.body(message.core(), message.footer()), file);
      return receipt;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Up to SEALED: op_id of a re-seal whose head is registered. */
  Bytes sealed(Instance active, boolean rotate) {
    Ask ask = ask(Kind.RESEAL, rotate, Ask.NOTHING);
    Bytes ticket = answer(request(ask, operator));
    answer(service.post("seal-receipt", seal(active, ticket)));
    return ask.head().opId();
  }

  Bytes checkpointOf(Instance active) {
    try {
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      Bytes message = sent(MessageType.CHECKPOINT, active.checkpoint(file));
      InstanceMessage.Checkpoint found = Signed.peek(InstanceMessage.Checkpoint.class, message);
      keep(Digests.body(found.core(), found.footer()), file);
      return message;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  void checkpoint(Instance active) {
    Bytes ack = answer(service.post("checkpoint", checkpointOf(active)));
    done(active.obey(Verb.CHECKPOINT_ACK, ack));
  }

  Reply retireAll() {
    Status.Retirable can = status().retirable();
    return request(
        ask(Kind.RETIRE, false, new Ask.Extra.Keys(can.wrapIds(), can.gens())), operator);
  }

  Bytes renewal(Instance active) {
    return sent(MessageType.RENEW, active.obey(Verb.RENEW, Bytes.EMPTY));
  }

  private void keep(Bytes bodyId, ByteArrayOutputStream file) {
    containers.put(bodyId, Bytes.wrap(file.toByteArray()));
  }

  static List<Output> done(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done(var outputs) -> outputs;
      case Outcome.Refused refused -> throw new AssertionError("refused: " + refused);
    };
  }

  static Bytes sent(MessageType type, Outcome outcome) {
    for (Output output : done(outcome)) {
      if (output instanceof Output.Send(var found, Bytes cose) && found == type) {
        return cose;
      }
    }
    throw new AssertionError("no " + type + " in " + outcome);
  }
}
