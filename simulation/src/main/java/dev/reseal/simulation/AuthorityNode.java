package dev.reseal.simulation;

import dev.reseal.authority.AuthorityService;
import dev.reseal.authority.Endpoint;
import dev.reseal.authority.EvidenceJudge;
import dev.reseal.authority.Policy;
import dev.reseal.authority.Store;
import dev.reseal.authority.StoreException;
import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.ReportBody;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Code;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.LogMessage;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The real authority; it can crash at every write, lose its power and be down for a while. */
final class AuthorityNode {
  static final Bytes LINEAGE = Bytes.hex("00112233445566778899aabbccddeeff");
  static final Bytes OTHER_LINEAGE = Bytes.hex("ffeeddccbbaa99887766554433221100");
  static final Bytes PLATFORM = Bytes.ascii("platform").sha256();
  static final Bytes IMAGE = MachineNode.Image.FIRST.mrenclave();
  static final Bytes OTHER_IMAGE = MachineNode.Image.OTHER.mrenclave();
  static final int RPO = 3;
  static final long LIFE_MS = 10_000;
  static final long SKEW_MS = 500;

  /** Puts something between an authority and its callers. */
  interface Around {
    Endpoint wrap(Endpoint inner, AuthorityParts parts);

    Store wrap(Store inner);

    /** A crash that was planned comes. */
    void struck(AuthorityParts parts);
  }

  final SigningKey signer;
  final SigningKey operator;
  final SigningKey supervisor;
  final AuthorityParts parts;
  private final String supervisorMay;
  private final HostClocks clocks;
  private final Randomness randomness;
  private final Around around;
  private Optional<Endpoint> service = Optional.empty();
  private long baseMs = Long.MIN_VALUE;

  /**
   * {@code around} stands between the authority and whoever calls it; {@code supervisorMay} is what
   * policy lets a supervisor ask for by itself.
   */
  AuthorityNode(HostClocks clocks, Chance chance, List<String> supervisorMay, Around around) {
    this.clocks = clocks;
    this.supervisorMay = "\"" + String.join("\", \"", supervisorMay) + "\"";
    Randomness randomness = chance.bytes();
    this.parts = new AuthorityParts(chance.split(), this::struck);
    this.randomness = randomness;
    this.around = around;
    this.signer = SigningKey.generate(randomness);
    this.operator = SigningKey.generate(randomness);
    this.supervisor = SigningKey.generate(randomness);
    start();
    answer(birth(LINEAGE, "sim").orElseThrow());
  }

  private void struck() {
    around.struck(parts);
  }

  /**
   * A lineage; a second one is for messages that belong to somebody else. Nothing when the
   * authority is down, or dies of it.
   */
  Optional<Endpoint.Reply> birth(Bytes lineage, String name) {
    Bytes file = Bytes.wrap(policy(lineage, name).getBytes(StandardCharsets.UTF_8));
    Ask ask =
        new Ask(
            new Head(lineage, randomness.bytes(16), 0, 0),
            Kind.POLICY,
            Optional.empty(),
            List.of(),
            false,
            new Ask.Extra.PolicyFile(file, Optional.empty()));
    return call("request", Signed.sign(Request.of(ask, List.of()), operator).cose());
  }

  /** Starts a new process over what is durable; throws {@link StoreException} after a rollback. */
  void start() {
    AuthorityService started =
        new AuthorityService(
            around.wrap(parts.store()),
            parts.anchor(),
            parts.keys(),
            signer,
            new AuthorityService.Setup(
                Essentials.Env.DEMO,
                List.of(operator.verifyKey()),
                AuthorityNode::judge,
                clocks,
                randomness));
    service = Optional.of(around.wrap(started, parts));
    baseMs = Math.max(baseMs, clocks.wallMs() - clocks.uptimeMs());
  }

  void stop() {
    service = Optional.empty();
  }

  boolean up() {
    return service.isPresent();
  }

  /**
   * What relying parties read: the authority's clock as it was last confirmed, except that theirs
   * does not go back when somebody sets that one back (protocol 14.3).
   */
  long confirmedWallMs() {
    return baseMs + clocks.uptimeMs();
  }

  /** One call; nothing when the authority is down, or dies of it. */
  Optional<Endpoint.Reply> call(String name, Bytes body) {
    return guarded(() -> post(name, body));
  }

  Optional<Endpoint.Reply> look(String path) {
    return guarded(() -> service.orElseThrow().get(path));
  }

  private interface Attempt {
    Endpoint.Reply reply();
  }

  private Optional<Endpoint.Reply> guarded(Attempt attempt) {
    if (service.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(attempt.reply());
    } catch (AuthorityParts.Crash crash) {
      stop();
      return Optional.empty();
    }
  }

  private Endpoint.Reply post(String name, Bytes body) {
    return service.orElseThrow().post(name, body);
  }

  /** The register as it is, whoever is cut off from it; empty while the authority is down. */
  Optional<Status> status() {
    return look("status/" + LINEAGE.toHex())
        .flatMap(reply ->
            reply instanceof Endpoint.Reply.Answer(Bytes body)
                ? Optional.of(Status.decode(body))
                : Optional.empty());
  }

  /** The events of the log, oldest first. */
  List<LogEvent> log() {
    return parts.store().log(1, parts.store().tail().seq()).stream()
        .map(entry -> Signed.peek(LogMessage.Entry.class, entry))
        .map(entry -> LogEvent.decode(entry.event()))
        .toList();
  }

  static Bytes answer(Endpoint.Reply reply) {
    return switch (reply) {
      case Endpoint.Reply.Answer(Bytes body) -> body;
      case Endpoint.Reply.Nothing() -> Bytes.EMPTY;
      case Endpoint.Reply.Refused(WireError error) ->
          throw new IllegalStateException("refused: " + error);
      case Endpoint.Reply.Unknown() -> throw new IllegalStateException("no such call");
    };
  }

  private static EvidenceJudge.Verdict judge(Bytes evidence, Policy policy, Instant now) {
    try {
      return new EvidenceJudge.Verdict.Genuine(
          ReportBody.parse(evidence), 2, PLATFORM, false, false, Bytes.zeros(32));
    } catch (MalformedException malformed) {
      return new EvidenceJudge.Verdict.Refused(
          WireError.of(Code.PLATFORM_REFUSED, String.valueOf(malformed.getMessage())));
    }
  }

  private String policy(Bytes lineage, String name) {
    return """
    {"version": 1, "lineages": [{"name": "%s", "lineage": "%s", "env": "demo",
     "binding": "enclave", "recovery": "none", "rpo_updates": %d, "state_max": 1048576,
     "purposes": ["records"],
     "allowed": [{"mrenclave": "%s", "isvprodid": 1, "least_isvsvn": 1},
                 {"mrenclave": "%s", "isvprodid": 1, "least_isvsvn": 1}],
     "platforms": [{"kind": "emulated", "root_spki_sha256": "%s", "ids": []}],
     "operators": ["%s"],
     "supervisors": [{"key": "%s", "may": [%s]}],
     "life_ms": %d, "skew_ms": %d, "max_grants": 100}]}
    """
        .formatted(
            name,
            lineage,
            RPO,
            IMAGE,
            OTHER_IMAGE,
            Bytes.zeros(32),
            operator.verifyKey().spki(),
            supervisor.verifyKey().spki(),
            supervisorMay,
            LIFE_MS,
            SKEW_MS);
  }
}
