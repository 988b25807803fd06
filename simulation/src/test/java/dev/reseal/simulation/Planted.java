package dev.reseal.simulation;

import dev.reseal.authority.Endpoint;
import dev.reseal.authority.PassingStore;
import dev.reseal.authority.Row;
import dev.reseal.authority.Store;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.State;
import dev.reseal.lifecycle.Verb;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Slot;
import dev.reseal.simulation.Mutant.Edit;
import dev.reseal.wire.AuthorityMessage.Abort;
import dev.reseal.wire.AuthorityMessage.Grant;
import dev.reseal.wire.AuthorityMessage.Ticket;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.LogMessage;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The seeded errors of the model ({@code spec/tla}), each planted into the real code. */
public enum Planted {
  SELF_RESUME("selfResume", 11, Set.of("T1", "T2"), List.of()),
  ABORT_ANY_OP("abortAnyOp", 11, Set.of("T1", "T2"), List.of()),
  STALE_RECEIPT(
      "staleReceipt",
      114,
      Set.of("T2", "T5"),
      List.of(
          new Edit.Drop("dev.reseal.authority.Seals", "register", "OTHER_OPERATION"),
          new Edit.Drop("dev.reseal.authority.Seals", "sealOk", "CORE"))),
  NO_DIGEST(
      "noDigest",
      0,
      Set.of("T2", "T5"),
      List.of(
          new Edit.Redirect(
              "dev.reseal.authority.Seals",
              "order",
              "dev.reseal.authority.Row",
              "head",
              "outgoingHead"),
          new Edit.Redirect(
              "dev.reseal.authority.Grants",
              "grant",
              "dev.reseal.authority.Row",
              "head",
              "anyHead"),
          new Edit.Redirect(
              "dev.reseal.authority.Activations",
              "activate",
              "dev.reseal.authority.Row",
              "head",
              "anyHead"))),
  DOUBLE_ACTIVATE("doubleActivate", 16, Set.of("T1", "T3"), List.of()),
  LATE_ABORT("lateAbort", 20, Set.of("T1", "T4"), List.of()),
  NO_LEASE_WAIT("noLeaseWait", 12, Set.of("T1"), List.of()),
  SHRED_AT_GRANT("shredAtGrant", 0, Set.of("T12"), List.of()),
  NO_REWRAP(
      "noRewrap",
      0,
      Set.of("T12"),
      List.of(new Edit.Return("dev.reseal.authority.Activations", "rewrapped", 3))),
  RETIRE_ON_ACK(
      "retireOnAck",
      0,
      Set.of("T11"),
      List.of(
          new Edit.Constant(
              "dev.reseal.authority.Retirement",
              "retirable",
              "dev.reseal.sealed.Footer",
              "genFloor",
              1_000))),
  GEN_AT_GRANT("genAtGrant", 0, Set.of("T10"), List.of()),
  AUTH_ROLLBACK("authRollback", 6, Set.of("T4", "T3"), List.of()),
  FLOOR_IN_CORE(
      "floorInCore",
      1,
      Set.of("T11"),
      List.of(
          new Edit.Drop("dev.reseal.authority.Seals", "order", "FLOOR"),
          new Edit.Constant(
              "dev.reseal.instance.Leaving", "seal", "dev.reseal.instance.Tenure", "genFloor", 1))),
  ANY_TARGET(
      "anyTarget",
      33,
      Set.of("T37"),
      List.of(new Edit.Drop("dev.reseal.authority.Operations", "same", "TARGET"))),
  NO_OPEN_PROOF(
      "noOpenProof",
      41,
      Set.of("T5"),
      List.of(new Edit.Drop("dev.reseal.authority.Activations", "rewrapped", "OPENING_PROOF"))),
  NO_TAKEOVER_FROM_SEALED("noTakeoverFromSealed", 70, Set.of("T19"), List.of());

  private final String bug;
  private final long known;

  @SuppressWarnings("ImmutableEnumChecker") // made by Set.of above
  private final Set<String> rules;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of above
  private final List<Edit> edits;

  Planted(String bug, long known, Set<String> rules, List<Edit> edits) {
    this.bug = bug;
    this.known = known;
    this.rules = rules;
    this.edits = edits;
  }

  /** Its name in the model. */
  String bug() {
    return bug;
  }

  /** A seed that finds it. */
  long known() {
    return known;
  }

  /** The statements of which one must fall. */
  Set<String> rules() {
    return rules;
  }

  List<Edit> edits() {
    return edits;
  }

  Wiring wiring() {
    return switch (this) {
      case SELF_RESUME -> new SelfResume();
      case ABORT_ANY_OP -> new AbortAnyOp();
      case DOUBLE_ACTIVATE -> new Stale(true);
      case LATE_ABORT -> new Stale(false);
      case NO_LEASE_WAIT -> new NoLeaseWait();
      case SHRED_AT_GRANT -> new Shredding("grant-request");
      case NO_REWRAP -> new Shredding("ready");
      case GEN_AT_GRANT -> new GenAtGrant();
      case AUTH_ROLLBACK -> new AuthRollback();
      case NO_TAKEOVER_FROM_SEALED -> new NoTakeoverFromSealed();
      case NO_DIGEST -> new NoDigest();
      case STALE_RECEIPT, RETIRE_ON_ACK, FLOOR_IN_CORE, ANY_TARGET, NO_OPEN_PROOF -> Wiring.PLAIN;
    };
  }

  /** A locked instance serves again by itself. */
  static final class SelfResume implements Wiring {
    @Override
    public boolean serves(InstanceNode node) {
      return node.inside().state() == State.SERVING || node.inside().state() == State.LOCKED;
    }
  }

  /** A locked instance serves again after the abort of any operation. */
  private static final class AbortAnyOp implements Wiring {
    private final Set<String> resumed = new HashSet<>();
    private final Map<String, Bytes> tickets = new HashMap<>();

    @Override
    public void reached(InstanceNode node, Verb verb, Bytes payload) {
      if (node.inside().state() != State.LOCKED) {
        resumed.remove(node.handle());
      } else if (verb == Verb.FINISH) {
        tickets.put(node.handle(), Signed.peek(Ticket.class, payload).head().opId());
      } else if (verb == Verb.ABORT
          && Signed.peek(Abort.class, payload).instanceId().equals(node.inside().instanceId())) {
        resumed.add(node.handle());
      }
    }

    @Override
    public boolean serves(InstanceNode node) {
      return node.inside().state() == State.SERVING
          || (node.inside().state() == State.LOCKED && resumed.contains(node.handle()));
    }
  }

  /** The authority judges by the row as it was before the commit: a ready, or an abort. */
  private static final class Stale implements Wiring {
    private final boolean readies;
    private Bytes sealed = Bytes.EMPTY;
    private String state = "";
    private boolean stale;

    private Stale(boolean readies) {
      this.readies = readies;
    }

    @Override
    public Store store(Store inner) {
      return new PassingStore() {
        @Override
        public Store inner() {
          return inner;
        }

        @Override
        public Optional<Versioned> row(Bytes lineage) {
          return inner
              .row(lineage)
              .map(now ->
                  stale && lineage.equals(AuthorityNode.LINEAGE)
                      ? new Versioned(sealed, now.version())
                      : now);
        }

        @Override
        public void commit(Change change) {
          inner.commit(change);
          if (change.lineage().equals(AuthorityNode.LINEAGE) && !change.log().isEmpty()) {
            Bytes entry = change.log().getLast().entry();
            state = LogEvent.decode(Signed.peek(LogMessage.Entry.class, entry).event()).state();
            sealed = state.equals("SEALED") ? change.row() : sealed;
          }
        }
      };
    }

    @Override
    public Endpoint around(Endpoint authority, AuthorityParts parts, HostClocks clocks) {
      return new Calling(authority) {
        @Override
        public Reply post(String name, Bytes body) {
          boolean hit = readies ? name.equals("ready") : isKind(name, body, Kind.ABORT);
          stale = hit && state.equals("ACTIVE") && sealed.size() > 0;
          try {
            return super.post(name, body);
          } finally {
            stale = false;
          }
        }
      };
    }
  }

  /** A takeover waits for no passport. */
  private static final class NoLeaseWait implements Wiring {
    private static final long HOUR_MS = 3_600_000;

    @Override
    public Endpoint around(Endpoint authority, AuthorityParts parts, HostClocks clocks) {
      return new Calling(authority) {
        @Override
        public Reply post(String name, Bytes body) {
          long ms = isKind(name, body, Kind.TAKEOVER) ? HOUR_MS : 0;
          clocks.step(ms);
          clocks.suspended(-ms);
          try {
            return super.post(name, body);
          } finally {
            clocks.step(-ms);
            clocks.suspended(ms);
          }
        }
      };
    }
  }

  /** The keys of the head go as soon as this call is answered. */
  private static final class Shredding implements Wiring {
    private final String call;

    private Shredding(String call) {
      this.call = call;
    }

    @Override
    public Endpoint around(Endpoint authority, AuthorityParts parts, HostClocks clocks) {
      return new Calling(authority) {
        @Override
        public Reply post(String name, Bytes body) {
          Optional<Status.StateHead> head = name.equals(call) ? head(this) : Optional.empty();
          Reply reply = super.post(name, body);
          if (head.isPresent() && reply instanceof Reply.Answer) {
            for (Slot slot : Slot.decode(head.get().slots())) {
              String wrap = "wrap/" + AuthorityNode.LINEAGE + "/" + slot.header().wrapId() + "/";
              parts.keys().names().stream()
                  .filter(key -> key.startsWith(wrap))
                  .forEach(parts.keys()::destroy);
            }
          }
          return reply;
        }
      };
    }
  }

  /** The generation leaves with the grant. */
  private static final class GenAtGrant implements Wiring {
    private final Map<Bytes, Long> held = new HashMap<>();

    @Override
    public Endpoint around(Endpoint authority, AuthorityParts parts, HostClocks clocks) {
      return new Calling(authority) {
        @Override
        public Reply post(String name, Bytes body) {
          Reply reply = super.post(name, body);
          if (name.equals("grant-request") && reply instanceof Reply.Answer(Bytes grant)) {
            held.put(Signed.peek(Grant.class, grant).instanceId(), 1L);
          }
          return reply;
        }
      };
    }

    @Override
    public Optional<Long> holds(InstanceNode node) {
      return node.inside()
          .gen()
          .or(() -> Optional.ofNullable(held.get(node.inside().instanceId())));
    }
  }

  /** A backup of everything, the anchor too, takes the place of the register. */
  private static final class AuthRollback implements Wiring {
    @Override
    public boolean backupHasAnchor() {
      return true;
    }
  }

  /** SEALED has no exit but a commit or an abort. */
  private static final class NoTakeoverFromSealed implements Wiring {
    @Override
    public Endpoint around(Endpoint authority, AuthorityParts parts, HostClocks clocks) {
      return new Calling(authority) {
        @Override
        public Reply post(String name, Bytes body) {
          return isKind(name, body, Kind.TAKEOVER) && state(this).equals("SEALED")
              ? new Reply.Refused(WireError.of(Code.WRONG_STATE, "no takeover from SEALED"))
              : super.post(name, body);
        }
      };
    }
  }

  /** Grants and commits are about the head before the newest one. */
  private static final class NoDigest implements Wiring {
    private NoDigest() {
      HEADS.set(new HashMap<>());
    }

    @Override
    public boolean keepsContainers() {
      return true;
    }
  }

  private static final ThreadLocal<Map<Long, Row.StateHead>> HEADS =
      ThreadLocal.withInitial(HashMap::new);

  /** Instead of {@code row.head()} when a newer head comes: it is remembered. */
  public static Optional<Row.StateHead> outgoingHead(Row row) {
    row.head()
        .filter(head -> Core.decode(head.core()).epoch() == row.epoch())
        .ifPresent(head -> HEADS.get().put(row.epoch(), head));
    return row.head();
  }

  /** Instead of {@code row.head()} for a candidate: the head before the newest one. */
  public static Optional<Row.StateHead> anyHead(Row row) {
    return row.head().map(head -> HEADS.get().getOrDefault(row.epoch(), head));
  }

  private static boolean isKind(String name, Bytes body, Kind kind) {
    return name.equals("request") && Signed.peek(Request.class, body).decodeAsk().kind() == kind;
  }

  private static Optional<Status> status(Endpoint endpoint) {
    return endpoint.get("status/" + AuthorityNode.LINEAGE.toHex())
            instanceof Endpoint.Reply.Answer(Bytes body)
        ? Optional.of(Status.decode(body))
        : Optional.empty();
  }

  private static String state(Endpoint endpoint) {
    return status(endpoint).map(Status::state).orElse("");
  }

  private static Optional<Status.StateHead> head(Endpoint endpoint) {
    return status(endpoint).flatMap(Status::head);
  }
}
