package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is found on this host.
 *
 * @param instances those of this lineage that are alive
 * @param bodies complete containers on disk
 * @param noted what the journal says about the newest operation
 */
public record Facts(List<Found> instances, Set<Bytes> bodies, Optional<Noted> noted) {
  public Facts {
    instances = List.copyOf(instances);
    bodies = Set.copyOf(bodies);
  }

  /** One live instance; its id is known once it was born. */
  public record Found(String handle, Optional<Bytes> instanceId, InstanceState state) {}

  /**
   * What the journal says about the newest operation.
   *
   * @param phase the newest phase of the operation
   * @param body the container whose receipt was noted
   * @param ticket the authority's ticket, if QUIESCE was reached; of a rekey the request, whose
   *     repetition brings its grant again
   * @param ready the candidate's ready, if COMMIT was reached
   * @param restoreCause why candidates failed last
   * @param restoreFailures how often in a row with that cause
   */
  public record Noted(
      Bytes opId,
      Phase phase,
      Optional<Bytes> body,
      Optional<Bytes> receipt,
      Optional<Bytes> ticket,
      Optional<Bytes> ready,
      String restoreCause,
      int restoreFailures) {}

  Optional<Found> named(Optional<Bytes> instanceId) {
    return instanceId.flatMap(
        id -> instances.stream().filter(f -> f.instanceId().equals(Optional.of(id))).findFirst());
  }

  Optional<Noted> notedFor(Bytes opId) {
    return noted.filter(n -> n.opId().equals(opId));
  }
}
