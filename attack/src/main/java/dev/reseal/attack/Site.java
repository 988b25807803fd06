package dev.reseal.attack;

import dev.reseal.authority.Anchor;
import dev.reseal.authority.AuthorityService;
import dev.reseal.authority.DcapJudge;
import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.authority.EvidenceJudge;
import dev.reseal.authority.KeyStore;
import dev.reseal.authority.MemoryAnchor;
import dev.reseal.authority.MemoryKeys;
import dev.reseal.authority.Store;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Machine;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Mode;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import dev.reseal.wire.Target;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The trusted side of one lineage: a real authority in this process and its honest operator. */
final class Site {
  final Bytes lineage = Randomness.system().bytes(16);
  final SigningKey signer;
  final SigningKey operator = SigningKey.generate(Randomness.system());
  final SigningKey supervisor = SigningKey.generate(Randomness.system());
  final HandClocks clocks = new HandClocks();
  final Machine machine;
  Store store;
  Anchor anchor = new MemoryAnchor();
  KeyStore keys = new MemoryKeys();
  EvidenceJudge judge;
  AuthorityService authority;

  private final Essentials.Env env;

  /** An authority that reads its collateral from {@code platform}, where that machine is kept. */
  Site(Machine machine, Path platform, SigningKey signer, Essentials.Env env, Store store) {
    this.signer = signer;
    this.machine = machine;
    this.judge = new DcapJudge(platform.resolve("collateral"));
    this.env = env;
    this.store = store;
    clocks.pass(1_000);
    this.authority = started();
  }

  private AuthorityService started() {
    return new AuthorityService(
        store,
        anchor,
        keys,
        signer,
        new AuthorityService.Setup(
            env, List.of(operator.verifyKey()), judge, clocks, Randomness.system()));
  }

  void restart() {
    authority = started();
  }

  /** The policy file; platforms and lives as a demo has them. */
  String policy() {
    return """
    {"version": 1, "lineages": [{"name": "ledger", "lineage": "%s", "env": "demo",
      "binding": "enclave", "recovery": "none", "rpo_updates": 64, "state_max": 1048576,
      "purposes": ["records"],
      "allowed": [{"mrenclave": "%s", "isvprodid": 1, "least_isvsvn": 2}],
      "platforms": [{"kind": "emulated", "root_spki_sha256": "%s"}],
      "operators": ["%s"],
      "supervisors": [{"key": "%s", "may": ["takeover", "abort", "retire"]}],
      "life_ms": 2000, "skew_ms": 200, "rekey_grace_s": 2}]}
    """
        .formatted(
            lineage,
            Enclave.IMAGE,
            machine.info().root(),
            operator.verifyKey().spki(),
            supervisor.verifyKey().spki());
  }

  Status status() {
    return Status.decode(answer(authority.get("status/" + lineage)));
  }

  static Bytes answer(Reply reply) {
    return switch (reply) {
      case Reply.Answer(Bytes body) -> body;
      case Reply.Nothing() -> Bytes.EMPTY;
      case Reply.Refused(var error) -> throw new IllegalStateException("refused: " + error);
      case Reply.Unknown() -> throw new IllegalStateException("no such call");
    };
  }

  private Optional<Status> row() {
    return authority.get("status/" + lineage) instanceof Reply.Answer(Bytes body)
        ? Optional.of(Status.decode(body))
        : Optional.empty();
  }

  /** What somebody would ask about the row as it is now. */
  Ask ask(Kind kind, boolean rotate, Ask.Extra extra) {
    Optional<Status.Operation> row = row().map(Status::operation);
    Head head =
        new Head(
            lineage,
            Randomness.system().bytes(16),
            row.map(Status.Operation::fence).orElse(0L),
            row.map(Status.Operation::epoch).orElse(0L));
    Optional<Mode> mode = kind == Kind.RESEAL ? Optional.of(Mode.SEQUENTIAL) : Optional.empty();
    return new Ask(head, kind, mode, targets(kind), rotate, extra);
  }

  private List<Target> targets(Kind kind) {
    return switch (kind) {
      case GENESIS -> List.of(target(Enclave.IMAGE, Optional.empty()));
      case RESEAL, TAKEOVER, UPGRADE, MIGRATE, RECOVER ->
          List.of(target(Enclave.IMAGE, Optional.of(machine.info().id())));
      case REKEY, ABORT, RETIRE, CLOSE, POLICY -> List.of();
    };
  }

  Target target(Bytes image, Optional<Bytes> platformId) {
    return new Target(image, 1, 2, machine.info().kind(), platformId);
  }

  Reply request(Ask ask, SigningKey by) {
    return authority.post("request", Signed.sign(Request.of(ask, List.of()), by).cose());
  }

  /** Begins an operation in the operator's name and returns its op_id. */
  Bytes begin(Kind kind, boolean rotate) {
    Ask ask = ask(kind, rotate, Ask.NOTHING);
    answer(request(ask, operator));
    return ask.head().opId();
  }

  /** The lineage exists, without an instance. */
  void born() {
    answer(applied(policy()));
  }

  /** The operator applies that policy file. */
  Reply applied(String policy) {
    return request(newer(policy), operator);
  }

  /** What the operator signs to put that policy file in the place of the one in force. */
  Ask newer(String policy) {
    Bytes file = Bytes.wrap(policy.getBytes(StandardCharsets.UTF_8));
    Optional<Bytes> replaces = row().map(known -> known.policy().file());
    return ask(Kind.POLICY, false, new Ask.Extra.PolicyFile(file, replaces));
  }

  /** Destroys every key that nothing needs any more; the answer is a {@code retired}. */
  Bytes retire() {
    Status.Retirable can = status().retirable();
    Ask.Extra all = new Ask.Extra.Keys(can.wrapIds(), can.gens());
    return answer(request(ask(Kind.RETIRE, false, all), operator));
  }

  /** No passport that was ever given out is valid any more. */
  void passportsEnd() {
    clocks.pass(2_500);
  }
}
