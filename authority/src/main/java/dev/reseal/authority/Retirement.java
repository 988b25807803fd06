package dev.reseal.authority;

import dev.reseal.authority.Decision.Accepted;
import dev.reseal.authority.Decision.Keep;
import dev.reseal.authority.Keys.Gen;
import dev.reseal.authority.Keys.Wrap;
import dev.reseal.authority.Row.Incumbent;
import dev.reseal.authority.Row.State;
import dev.reseal.authority.Row.StateHead;
import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Slot;
import dev.reseal.wire.Ask;
import dev.reseal.wire.AuthorityMessage.Retired;
import dev.reseal.wire.Code;
import dev.reseal.wire.Head;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.Status;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Destroying keys that nothing registered needs (protocol 15). */
final class Retirement {
  private final Row row;
  private final Desk desk;

  Retirement(Row row, Desk desk) {
    this.row = row;
    this.desk = desk;
  }

  Accepted retire(Ask ask, Signed<Request> signed) {
    if (!(ask.extra() instanceof Ask.Extra.Keys(var wrapIds, var gens))) {
      throw Denied.of(Code.CORRUPT, "FIELD", "a retire without keys");
    }
    switch (row.state()) {
      case State.Active _, State.Prepared _ -> {}
      case State.Empty(), State.Sealed _, State.Closed _ ->
          throw Register.wrongState(row, "retire");
    }
    Denied.unless(
        sealedByActive(row),
        Code.WRONG_STATE,
        "HEAD_NOT_OURS",
        "the head was not sealed by the active instance: it must checkpoint first");
    Status.Retirable can = retirable(row);
    for (Bytes wrapId : wrapIds) {
      Denied.unless(
          can.wrapIds().contains(wrapId),
          Code.WRONG_STATE,
          "KEY_NEEDED",
          "wrap key " + wrapId + " is unknown or still needed");
    }
    for (long gen : gens) {
      Denied.unless(
          can.gens().contains(gen),
          Code.WRONG_STATE,
          "KEY_NEEDED",
          "generation " + gen + " is unknown or still needed");
    }
    List<Wrap> wraps =
        row.keys().wraps().stream().filter(each -> wrapIds.contains(each.id())).toList();
    List<Gen> those =
        row.keys().gens().stream().filter(each -> gens.contains(each.number())).toList();
    List<String> names = new ArrayList<>();
    wraps.forEach(wrap -> names.add(KeyNames.wrap(row.lineage(), wrap)));
    those.forEach(gen -> names.add(KeyNames.gen(row.lineage(), gen)));
    Row next = row.with(row.state()).withKeys(row.keys().minus(wraps, those).plusDestroying(names));
    Head about = new Head(row.lineage(), ask.head().opId(), row.fence(), row.epoch());
    Bytes retired = desk.sign(new Retired(about, wrapIds, gens, desk.logHead(), 0));
    LogEvent event =
        new LogEvent(
            "retire",
            about,
            row.gen(),
            next.stateName(),
            signed.digest(),
            Optional.empty(),
            next.incumbent().map(each -> each.identity().instanceId()),
            wrapIds,
            gens);
    Accepted accepted = Accepted.of(next, event).answering(retired).revoking(names);
    if (wrapIds.isEmpty() && gens.isEmpty()) {
      return accepted;
    }
    Bytes opId = row.incumbent().orElseThrow().opId();
    return accepted.keeping(new Keep(opId, Ledger.RETIRED, Bytes.zeros(32), retired, List.of()));
  }

  /** The log entry that every replica of the key store has erased what was being destroyed. */
  static Accepted destroyed(Row row) {
    Row next = row.with(row.state()).withKeys(row.keys().destroyed());
    LogEvent event =
        new LogEvent(
            "destroyed",
            new Head(
                row.lineage(),
                row.last().map(Row.Last::opId).orElse(Bytes.zeros(16)),
                row.fence(),
                row.epoch()),
            row.gen(),
            row.stateName(),
            Bytes.zeros(32),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            List.of());
    return Accepted.of(next, event);
  }

  /** Whether the head has a fresh DEK of the active instance, not one that was only re-wrapped. */
  static boolean sealedByActive(Row row) {
    Optional<Core> core = row.head().map(StateHead::decodedCore);
    return core.isPresent()
        && row.incumbent()
            .map(active -> active.identity().instanceId().equals(core.get().instanceId()))
            .orElse(false);
  }

  /** What a retire could destroy now; nothing while the head is not the active instance's own. */
  static Status.Retirable retirable(Row row) {
    boolean open = row.state() instanceof State.Active || row.state() instanceof State.Prepared;
    if (!open || !sealedByActive(row)) {
      return new Status.Retirable(List.of(), List.of());
    }
    StateHead head = row.head().orElseThrow();
    Set<Bytes> needed = new HashSet<>();
    row.incumbent().map(Incumbent::wrapId).ifPresent(needed::add);
    row.operation().map(Operation::nextWrapId).ifPresent(needed::add);
    Slot.decode(head.slots()).forEach(slot -> needed.add(slot.header().wrapId()));
    long floor = head.decodedFooter().genFloor();
    return new Status.Retirable(
        row.keys().wraps().stream().map(Wrap::id).filter(id -> !needed.contains(id)).toList(),
        row.keys().gens().stream()
            .map(Gen::number)
            .filter(gen -> gen < floor && gen < row.gen())
            .toList());
  }
}
