package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.AuthorityMessage.Grant;
import dev.reseal.wire.AuthorityMessage.Ticket;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.Signed;
import java.util.Optional;

/** A state with exactly what an instance knows in it. */
sealed interface Phase {
  /** The operation whose challenge was answered last. */
  record Born(Optional<Head> challenge) implements Phase {}

  record Restoring(Held held) implements Phase {}

  /** {@code ready} is signed once and repeated; empty until genesis has written its container. */
  record Standby(Held held, Optional<Signed<Ready>> ready, long genFloor) implements Phase {}

  record Installing(Tenure tenure) implements Phase {}

  record Serving(Tenure tenure) implements Phase {}

  record Quiescing(Tenure tenure, Signed<Ticket> ticket) implements Phase {}

  record Locked(Tenure tenure, Signed<Ticket> ticket) implements Phase {}

  record Dead() implements Phase {}

  /** A grant that was accepted, with its policy. */
  record Held(Grant grant, Essentials policy) {
    Head head() {
      return grant.head();
    }

    Bytes wrapKey() {
      return grant.nextWrapKey();
    }
  }

  default State state() {
    return switch (this) {
      case Born _ -> State.BORN;
      case Restoring _ -> State.RESTORING;
      case Standby _ -> State.STANDBY;
      case Installing _ -> State.INSTALLING;
      case Serving _ -> State.SERVING;
      case Quiescing _ -> State.QUIESCING;
      case Locked _ -> State.LOCKED;
      case Dead _ -> State.DEAD;
    };
  }
}
