package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.urts.UrtsException;
import dev.reseal.urts.UrtsLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;

/**
 * Intel's runtime with an enclave that the user signed. Its create and destroy are held to the
 * contract; what happens inside needs ecalls, whose numbers are the enclave's own, and is skipped
 * with that reason.
 */
final class UrtsSubject implements Subject {
  private final UrtsLibrary library;
  private final Path enclave;
  private final Path folder;
  private final Set<Long> alive = new HashSet<>();

  private UrtsSubject(UrtsLibrary library, Path enclave, Path folder) {
    this.library = library;
    this.enclave = enclave;
    this.folder = folder;
  }

  /** Skips aloud without {@code RESEAL_URTS_LIB}; with it, whatever is wrong fails. */
  static Subject ofEnvironment() throws IOException, UrtsException {
    String library = System.getenv("RESEAL_URTS_LIB");
    Assumptions.assumeTrue(
        library != null, "RESEAL_URTS_LIB names no libsgx_urts.so: the real runtime is not tested");
    String enclave = System.getenv("RESEAL_URTS_ENCLAVE");
    if (enclave == null) {
      throw new AssertionError("RESEAL_URTS_LIB is set, RESEAL_URTS_ENCLAVE names no enclave");
    }
    UrtsLibrary loaded = UrtsLibrary.load(Path.of(library));
    return new UrtsSubject(loaded, Path.of(enclave), Files.createTempDirectory("urts"));
  }

  @Override
  public Outcome create(String variant, String signedAs) {
    Path file = variant.equals(signedAs) ? enclave : changed();
    return switch (library.create(file, false)) {
      case UrtsLibrary.Created.Enclave(long id) -> {
        alive.add(id);
        yield new Outcome.Alive(new Inhabitant(id));
      }
      case UrtsLibrary.Created.Failed(var status) ->
          status.isEpcSuspect()
              ? new Outcome.OutOfEpc(status.name())
              : new Outcome.Refused(status.name() + " " + status.next());
    };
  }

  /** The enclave with one byte changed in what is loaded first. */
  private Path changed() {
    try {
      byte[] content = Files.readAllBytes(enclave);
      content[0x200] ^= 1;
      return Files.write(folder.resolve("changed.so"), content);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** The mainline driver does not tell. */
  @Override
  public OptionalLong free() {
    return OptionalLong.empty();
  }

  @Override
  public Optional<Faulty> faulty() {
    return Optional.empty();
  }

  @Override
  public void close() {
    Set.copyOf(alive).forEach(this::destroy);
    try {
      Files.deleteIfExists(folder.resolve("changed.so"));
      Files.deleteIfExists(folder);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private void destroy(long id) {
    alive.remove(id);
    var _ = library.destroy(id);
  }

  private final class Inhabitant implements Guest {
    private final long id;

    Inhabitant(long id) {
      this.id = id;
    }

    private Bytes inside() {
      return Assumptions.abort("skipped on urts: ecalls are those of the user's own enclave");
    }

    @Override
    public Bytes mrenclave() {
      return inside();
    }

    @Override
    public Bytes egetkey(Bytes keyRequest) {
      return inside();
    }

    @Override
    public Bytes report(Bytes targetInfo, Bytes reportData) {
      return inside();
    }

    @Override
    public Bytes quote(Bytes reportData) {
      return inside();
    }

    @Override
    public void put(Bytes secret) {
      inside();
    }

    @Override
    public Bytes get() {
      return inside();
    }

    @Override
    public void destroy() {
      UrtsSubject.this.destroy(id);
    }
  }
}
