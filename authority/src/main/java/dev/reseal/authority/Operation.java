package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Limits;
import dev.reseal.wire.Mode;
import dev.reseal.wire.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The operation in flight.
 *
 * @param nextGen the row's generation unless it rotates
 * @param essentials the policy of the next epoch, encoded
 * @param ticketDigest of the ticket; empty where there is none
 */
public record Operation(
    Kind kind,
    Optional<Mode> mode,
    Bytes opId,
    long fence,
    List<Target> targets,
    long nextGen,
    Bytes nextWrapId,
    Bytes essentials,
    Optional<Bytes> ticketDigest,
    long permitUntilMs,
    List<Granted> grants) {
  public Operation {
    targets = List.copyOf(targets);
    grants = List.copyOf(grants);
  }

  /** In a full list, those that can activate nobody any more make room. */
  Operation withGrant(Granted grant) {
    List<Granted> all = new ArrayList<>(grants);
    all.removeIf(each -> each.identity().instanceId().equals(grant.identity().instanceId()));
    if (all.size() >= Limits.LIST) {
      all.removeIf(each -> each.expired(grant.atMs()));
    }
    all.add(grant);
    return new Operation(
        kind,
        mode,
        opId,
        fence,
        targets,
        nextGen,
        nextWrapId,
        essentials,
        ticketDigest,
        permitUntilMs,
        all);
  }

  Optional<Granted> grantOf(Bytes instanceId) {
    return grants.stream()
        .filter(each -> each.identity().instanceId().equals(instanceId))
        .findFirst();
  }

  /**
   * A candidate.
   *
   * @param z what its opening proof must show; zeros in genesis
   */
  public record Granted(Identity identity, Bytes z, long atMs) {
    static final long LIFE_MS = 3_600_000;

    boolean expired(long nowMs) {
      return nowMs - atMs > LIFE_MS;
    }
  }
}
