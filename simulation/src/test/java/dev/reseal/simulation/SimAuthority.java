package dev.reseal.simulation;

import dev.reseal.authority.AuthorityService;
import dev.reseal.authority.Endpoint;
import dev.reseal.authority.EvidenceJudge;
import dev.reseal.authority.MemoryAnchor;
import dev.reseal.authority.MemoryKeys;
import dev.reseal.authority.MemoryStore;
import dev.reseal.authority.Policy;
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

/** The real authority over stores in memory; it can be restarted at any moment. */
final class SimAuthority {
  static final Bytes LINEAGE = Bytes.hex("00112233445566778899aabbccddeeff");
  static final Bytes PLATFORM = Bytes.ascii("platform").sha256();
  static final Bytes MRENCLAVE = MachineNode.Image.FIRST.mrenclave();
  static final SigningKey SIGNER = SigningKey.generate(Randomness.system());
  static final SigningKey OPERATOR = SigningKey.generate(Randomness.system());
  static final SigningKey SUPERVISOR = SigningKey.generate(Randomness.system());
  static final int RPO = 3;

  /** What policy may let a supervisor ask for by itself. */
  static final String MAY_ALL = "\"takeover\", \"abort\", \"retire\"";

  static final String KEEPS_KEYS = "\"takeover\", \"abort\"";

  private final SimClocks clocks;
  private final MemoryStore store = new MemoryStore();
  private final MemoryKeys keys = new MemoryKeys();
  private final MemoryAnchor anchor = new MemoryAnchor();
  private AuthorityService service;

  SimAuthority(SimClocks clocks, String may) {
    this.clocks = clocks;
    this.service = open();
    Bytes file = Bytes.wrap(policy(may).getBytes(StandardCharsets.UTF_8));
    Ask ask =
        new Ask(
            new Head(LINEAGE, Bytes.ascii("birth of lineage"), 0, 0),
            Kind.POLICY,
            Optional.empty(),
            List.of(),
            false,
            new Ask.Extra.PolicyFile(file));
    answer(service.post("request", Signed.sign(Request.of(ask, List.of()), OPERATOR).cose()));
  }

  void restart() {
    service = open();
  }

  Endpoint endpoint() {
    return service;
  }

  /** The events of the log, oldest first. */
  List<LogEvent> log() {
    return store.log(1, store.tail().seq()).stream()
        .map(entry -> Signed.verify(LogMessage.Entry.class, entry, SIGNER.verifyKey()).message())
        .map(entry -> LogEvent.decode(entry.event()))
        .toList();
  }

  Status status() {
    return Status.decode(answer(service.get("status/" + LINEAGE.toHex())));
  }

  static Bytes answer(Endpoint.Reply reply) {
    return switch (reply) {
      case Endpoint.Reply.Answer(Bytes body) -> body;
      case Endpoint.Reply.Nothing() -> Bytes.EMPTY;
      case Endpoint.Reply.Refused(WireError error) -> throw new AssertionError("refused: " + error);
      case Endpoint.Reply.Unknown() -> throw new AssertionError("no such call");
    };
  }

  private AuthorityService open() {
    return new AuthorityService(
        store,
        anchor,
        keys,
        SIGNER,
        new AuthorityService.Setup(
            Essentials.Env.DEMO,
            List.of(OPERATOR.verifyKey()),
            SimAuthority::judge,
            clocks,
            Randomness.system()));
  }

  private static EvidenceJudge.Verdict judge(Bytes evidence, Policy policy, Instant now) {
    try {
      return new EvidenceJudge.Verdict.Genuine(
          ReportBody.parse(evidence), 2, PLATFORM, false, Bytes.zeros(32));
    } catch (MalformedException malformed) {
      return new EvidenceJudge.Verdict.Refused(
          WireError.of(Code.PLATFORM_REFUSED, String.valueOf(malformed.getMessage())));
    }
  }

  private static String policy(String may) {
    return """
    {"version": 1, "lineages": [{"name": "sim", "lineage": "%s", "env": "demo",
     "binding": "enclave", "recovery": "none", "rpo_updates": %d, "state_max": 1048576,
     "purposes": ["records"],
     "allowed": [{"mrenclave": "%s", "isvprodid": 1, "least_isvsvn": 1}],
     "platforms": [{"kind": "emulated", "root_spki_sha256": "%s", "ids": []}],
     "operators": ["%s"],
     "supervisors": [{"key": "%s", "may": [%s]}],
     "life_ms": 2000, "skew_ms": 200, "max_grants": 100}]}
    """
        .formatted(
            LINEAGE,
            RPO,
            MRENCLAVE,
            Bytes.zeros(32),
            OPERATOR.verifyKey().spki(),
            SUPERVISOR.verifyKey().spki(),
            may);
  }
}
