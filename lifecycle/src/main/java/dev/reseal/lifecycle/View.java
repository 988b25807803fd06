package dev.reseal.lifecycle;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Kind;
import java.util.Optional;

/** What the authority says about the lineage. */
public sealed interface View {
  record Unreachable(String detail) implements View {}

  record Quarantined() implements View {}

  /** No such lineage. */
  record Unknown() implements View {}

  record Row(
      State state,
      Kind kind,
      Bytes opId,
      long fence,
      Optional<Bytes> activeInstance,
      boolean activeIsHere,
      Optional<Bytes> headBody)
      implements View {}

  /** The states of protocol 7. */
  enum State {
    EMPTY,
    ACTIVE,
    PREPARED,
    SEALED,
    CLOSED
  }
}
