package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException;
import dev.reseal.sealed.ContainerSource;
import dev.reseal.sealed.Unopened;
import dev.reseal.supervisor.Containers;
import dev.reseal.wire.Status;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Whether the registered head is on this machine and whole: what would be left if the instance
 * ended now. No key is tried, a host has none.
 */
record SealedHead(Word word, String detail) {
  private static final int LOOKS = 3;

  /** What was found. */
  enum Word {
    WHOLE,
    SEALED_STATE_MISSING,
    SEALED_STATE_DAMAGED,
    NOT_LOOKED_AT
  }

  /** Looks again where the head moved on meanwhile: the file of the old one is deleted. */
  static SealedHead look(HomeOption home, String name, Status status) throws IOException {
    Status now = status;
    SealedHead found = of(home.lineage(name), now);
    for (int i = 1; i < LOOKS && found.word == Word.SEALED_STATE_MISSING; i++) {
      Status again = Services.status(home, name);
      if (again.head().equals(now.head())) {
        return found;
      }
      now = again;
      found = of(home.lineage(name), now);
    }
    return found;
  }

  /** For whoever is in a hurry: reading it all takes as long as it is large. */
  static SealedHead unseen() {
    return new SealedHead(Word.NOT_LOOKED_AT, "reseal plan does");
  }

  private static SealedHead of(Path lineage, Status status) throws IOException {
    Path directory = lineage.resolve("containers");
    Optional<Bytes> body = status.head().map(Status.StateHead::bodyId);
    if (body.isEmpty() || !Files.isDirectory(directory)) {
      String why = body.isEmpty() ? "no state is registered yet" : directory + " is not here";
      return new SealedHead(Word.NOT_LOOKED_AT, why);
    }
    Path file = new Containers(directory).path(body.get());
    try {
      Unopened.check(ContainerSource.file(file), body.get());
      return new SealedHead(Word.WHOLE, Files.size(file) + " bytes, body " + body.get());
    } catch (NoSuchFileException | FileNotFoundException gone) {
      return new SealedHead(Word.SEALED_STATE_MISSING, file.toString());
    } catch (ContainerException damaged) {
      return new SealedHead(Word.SEALED_STATE_DAMAGED, file + ": " + damaged.getMessage());
    }
  }

  String words() {
    return switch (word) {
      case WHOLE -> "the newest registered state is here and whole (" + detail + "); not opened";
      case NOT_LOOKED_AT -> "not looked at: " + detail;
      case SEALED_STATE_MISSING, SEALED_STATE_DAMAGED ->
          word
              + " "
              + detail
              + ": if the instance ends before it seals again, all state is lost; rotate now, or"
              + " put a copy back";
    };
  }
}
