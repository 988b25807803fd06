package dev.reseal.proof;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Digests;
import dev.reseal.wire.LogEvent;
import dev.reseal.wire.LogMessage;
import dev.reseal.wire.Signed;
import dev.reseal.wire.VerifyKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The hash chain of a proof's log, and the events of the operation in it, in order. */
record LogExcerpt(List<LogEvent> events) {
  private static final int DIGEST = 32;

  static LogExcerpt check(List<Bytes> log, VerifyKey authority) {
    Fault.unless(log.getFirst().size() != DIGEST, "log", "does not begin with a whole entry");
    List<LogEvent> events = new ArrayList<>();
    Optional<LogMessage.Entry> first = Optional.empty();
    Bytes hash = Bytes.EMPTY;
    for (int i = 0; i < log.size(); i++) {
      Bytes item = log.get(i);
      if (item.size() == DIGEST) {
        hash = Digests.log(hash, item);
        continue;
      }
      LogMessage.Entry entry = Signed.verify(LogMessage.Entry.class, item, authority).message();
      if (first.isEmpty()) {
        first = Optional.of(entry);
      } else {
        Fault.unless(
            entry.previous().equals(hash) && entry.seq() == first.get().seq() + i,
            "log",
            "entry " + entry.seq() + " does not follow the one before");
      }
      hash = entry.hash();
      events.add(LogEvent.decode(entry.event()));
    }
    return new LogExcerpt(List.copyOf(events));
  }

  /** The event of that name that the operation has exactly once. */
  LogEvent only(String name, Bytes opId) {
    List<LogEvent> found = named(name, opId);
    Fault.unless(found.size() == 1, "log", found.size() + " entries '" + name + "', not 1");
    return found.getFirst();
  }

  List<LogEvent> named(String name, Bytes opId) {
    return events.stream()
        .filter(each -> each.name().equals(name) && each.operation().opId().equals(opId))
        .toList();
  }
}
