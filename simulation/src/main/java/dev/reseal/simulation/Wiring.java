package dev.reseal.simulation;

import dev.reseal.authority.Endpoint;
import dev.reseal.authority.Store;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.State;
import dev.reseal.lifecycle.Verb;
import java.util.List;
import java.util.Optional;

/** How the parts of a world are put together; another wiring is how a test plants an error. */
interface Wiring {
  /** As production does. */
  Wiring PLAIN = new Wiring() {};

  /** What stands between the authority and its callers. */
  default Endpoint around(Endpoint authority, AuthorityParts parts, HostClocks clocks) {
    return authority;
  }

  /** The register's store as the authority sees it. */
  default Store store(Store inner) {
    return inner;
  }

  /** What policy lets the supervisor ask for by itself. */
  default List<String> supervisorMay() {
    return List.of("takeover", "abort", "retire");
  }

  /** Whether a host that is asked for an old container still has it. */
  default boolean keepsContainers() {
    return false;
  }

  /** Whether the instance answers clients. */
  default boolean serves(InstanceNode node) {
    return node.inside().state() == State.SERVING;
  }

  /** The generation of keys that the instance holds. */
  default Optional<Long> holds(InstanceNode node) {
    return node.inside().gen();
  }

  /** Told of every message that reaches an instance, after it was obeyed. */
  default void reached(InstanceNode node, Verb verb, Bytes payload) {}

  /** Whether a backup of the authority holds the anchor too. */
  default boolean backupHasAnchor() {
    return false;
  }
}
