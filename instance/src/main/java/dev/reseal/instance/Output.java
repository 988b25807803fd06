package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.MessageType;
import java.util.List;

/** What the host must do after an input was obeyed, in order. */
public sealed interface Output {
  /** A signed message for the authority. A message about a container leaves once it is durable. */
  record Send(MessageType type, Bytes cose) implements Output {}

  /** The state was entered. */
  record Moved(State state) implements Output {}

  /** The answer to plat-check, one per slot. */
  record PlatChecked(List<Boolean> halves) implements Output {}

  /** {@link Instance#restore} must be called with the container of that body. */
  record Fetch(Bytes bodyId) implements Output {}

  /** {@link Instance#firstContainer} must be called: a lineage begins. */
  record BeginLineage() implements Output {}

  /** {@link Instance#seal} must be called. */
  record WriteContainer() implements Output {}
}
