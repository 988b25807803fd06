package dev.reseal.urts;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * {@code libsgx_urts.so}, or {@code libsgx_urts_sim.so} which needs no SGX and gives no security.
 * The library stays loaded for the life of the process: its enclaves and signal handlers are the
 * process's own. Calls may block without limit; destroy waits for every thread that is inside.
 */
@SuppressWarnings("restricted")
public final class UrtsLibrary {
  private static final int TOKEN = 1024;
  private static final int MISC_ATTRIBUTES = 24;

  private final Path path;
  private final MethodHandle create;
  private final MethodHandle destroy;

  private UrtsLibrary(Path path, MethodHandle create, MethodHandle destroy) {
    this.path = path;
    this.create = create;
    this.destroy = destroy;
  }

  /** What came of {@link #create}. */
  public sealed interface Created {
    /** Give it to {@link #destroy} once. */
    record Enclave(long id) implements Created {}

    record Failed(UrtsStatus status) implements Created {}
  }

  /** Loads the library; {@link UrtsException} says why it cannot be used. */
  public static UrtsLibrary load(Path path) throws UrtsException {
    Path file = path.toAbsolutePath();
    if (!Files.isRegularFile(file)) {
      throw new UrtsException(
          path, "no such file; install the SGX SDK or PSW, or name its library");
    }
    SymbolLookup symbols;
    try {
      symbols = SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException refused) {
      throw new UrtsException(path, "the dynamic loader refuses it: " + refused.getMessage());
    }
    return of(path, symbols);
  }

  static UrtsLibrary of(Path path, SymbolLookup symbols) throws UrtsException {
    ValueLayout.OfInt status = ValueLayout.JAVA_INT;
    ValueLayout pointer = ValueLayout.ADDRESS;
    return new UrtsLibrary(
        path,
        call(
            path,
            symbols,
            "sgx_create_enclave",
            FunctionDescriptor.of(
                status, pointer, ValueLayout.JAVA_INT, pointer, pointer, pointer, pointer)),
        call(
            path,
            symbols,
            "sgx_destroy_enclave",
            FunctionDescriptor.of(status, ValueLayout.JAVA_LONG)));
  }

  private static MethodHandle call(
      Path path, SymbolLookup symbols, String name, FunctionDescriptor form) throws UrtsException {
    MemorySegment address =
        symbols
            .find(name)
            .orElseThrow(() -> new UrtsException(path, "exports no " + name + ": it is no urts"));
    return Linker.nativeLinker().downcallHandle(address, form);
  }

  /** Whether this is the simulation library: no protection, keys from public constants. */
  public boolean isSimulation() {
    return path.getFileName().toString().contains("_sim");
  }

  /** {@code sgx_create_enclave}: launch token and its update flag are ignored by the runtime. */
  public Created create(Path enclave, boolean debug) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment id = arena.allocate(ValueLayout.JAVA_LONG);
      int status =
          (int)
              create.invokeExact(
                  arena.allocateFrom(enclave.toAbsolutePath().toString()),
                  debug ? 1 : 0,
                  arena.allocate(TOKEN),
                  arena.allocate(ValueLayout.JAVA_INT),
                  id,
                  arena.allocate(MISC_ATTRIBUTES, 8));
      return status == 0
          ? new Created.Enclave(id.get(ValueLayout.JAVA_LONG, 0))
          : new Created.Failed(new UrtsStatus(Integer.toUnsignedLong(status)));
    } catch (Throwable impossible) {
      throw new IllegalStateException("sgx_create_enclave cannot be called", impossible);
    }
  }

  /** {@code sgx_destroy_enclave}; success does not prove that the pages are free again. */
  public UrtsStatus destroy(long id) {
    try {
      return new UrtsStatus(Integer.toUnsignedLong((int) destroy.invokeExact(id)));
    } catch (Throwable impossible) {
      throw new IllegalStateException("sgx_destroy_enclave cannot be called", impossible);
    }
  }
}
