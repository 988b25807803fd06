package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.wire.Cbor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** A client that writes one number after the other and remembers who acknowledged what. */
final class Ledger {
  static final String STORE = "records";
  private static final int MOST = 60;

  private final List<Acknowledged> all = new ArrayList<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private final Set<String> excused = new HashSet<>();
  private final Map<Bytes, Set<Long>> contained = new HashMap<>();
  private final Set<Long> safe = new HashSet<>();
  private long next = 1;

  private record Acknowledged(long number, String by) {}

  /** Carried out, not yet acknowledged. */
  private record Waiting(long number, long version, String by) {}

  int acknowledged() {
    return all.size();
  }

  /** How many of them are in a head. */
  long safe() {
    return all.stream().map(Acknowledged::number).filter(safe::contains).count();
  }

  /** One write to an instance that a client accepts. */
  void write(InstanceNode served) {
    if (all.size() >= MOST) {
      return;
    }
    Instance instance = served.inside();
    if (instance.stores().size(STORE) == 0) {
      instance.stores().declare(STORE, 1);
    }
    long number = next++;
    long version = instance.stores().put(STORE, Cbor.of(number), Cbor.of(number * number));
    waiting.add(new Waiting(number, version, served.handle()));
    release(served);
  }

  /** Acknowledges what may be; the rest waits for the next checkpoint. */
  void release(InstanceNode serving) {
    for (Waiting each : List.copyOf(waiting)) {
      if (each.by().equals(serving.handle()) && serving.inside().mayRelease(each.version())) {
        waiting.remove(each);
        all.add(new Acknowledged(each.number(), each.by()));
      }
    }
  }

  /** A container with all that the instance holds. */
  void contained(Bytes body, InstanceNode node) {
    contained.put(
        body,
        LongStream.range(1, next)
            .filter(number -> holds(node.inside(), number))
            .boxed()
            .collect(Collectors.toSet()));
  }

  /** The container became the head: nothing excuses that something of it is gone. */
  void registered(Bytes body) {
    safe.addAll(contained.getOrDefault(body, Set.of()));
  }

  /** It locks: what waits is answered "unknown", and its acknowledgement never follows. */
  void locked(String handle) {
    waiting.removeIf(each -> each.by().equals(handle));
  }

  /** It died or was taken over from: what it acknowledged beyond the head may be gone. */
  void excuse(String handle) {
    locked(handle);
    excused.add(handle);
  }

  /**
   * T2: everything acknowledged is there, but for a suffix of what an excused one acknowledged and
   * no head held.
   */
  void check(InstanceNode node) {
    List<Acknowledged> missing =
        all.stream().filter(each -> !holds(node.inside(), each.number())).toList();
    for (Acknowledged each : missing) {
      Check.that(
          excused.contains(each.by()) && !safe.contains(each.number()),
          "T2",
          node.handle()
              + " lacks update "
              + each.number()
              + " that "
              + each.by()
              + " acknowledged, which nothing killed or a head held");
    }
    for (String handle : excused) {
      List<Acknowledged> its = all.stream().filter(each -> each.by().equals(handle)).toList();
      List<Acknowledged> gone = missing.stream().filter(its::contains).toList();
      Check.that(
          gone.size() <= AuthorityNode.RPO,
          "T2",
          node.handle() + " lacks " + gone.size() + " updates of " + handle + ", beyond the RPO");
      Check.that(
          its.subList(its.size() - gone.size(), its.size()).equals(gone),
          "T2",
          "what " + node.handle() + " lacks of " + handle + " is not a suffix");
    }
  }

  private static boolean holds(Instance instance, long number) {
    return instance
        .stores()
        .get(STORE, Cbor.of(number))
        .equals(Optional.of(Cbor.of(number * number)));
  }
}
