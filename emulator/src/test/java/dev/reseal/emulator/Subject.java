package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import java.util.Optional;
import java.util.OptionalLong;

/** A platform under {@link PlatformConformanceTest}, in whatever shape it comes. */
interface Subject extends AutoCloseable {
  /** Tries to start an instance of image {@code variant}, signed as image {@code signedAs}. */
  Outcome create(String variant, String signedAs);

  /** What can go wrong below it, if somebody can make it go wrong. */
  Optional<Faulty> faulty();

  /** Free EPC pages, if the platform tells. */
  OptionalLong free();

  @Override
  void close();

  /** What came of a create. */
  sealed interface Outcome {
    record Alive(Guest guest) implements Outcome {}

    record OutOfEpc(String detail) implements Outcome {}

    record Refused(String detail) implements Outcome {}
  }

  /** One instance as its own code sees the platform. Calls after its end throw {@link Gone}. */
  interface Guest {
    Bytes mrenclave();

    /** The key, or the ASCII name of the error, or {@code unsupported}. */
    Bytes egetkey(Bytes keyRequest);

    Bytes report(Bytes targetInfo, Bytes reportData);

    /** Throws {@link NoQuote} while the quoting enclave is away. */
    Bytes quote(Bytes reportData);

    /** Keeps 16 bytes in the instance's memory. */
    void put(Bytes secret);

    /** What the instance finds where it keeps them. */
    Bytes get();

    void destroy();
  }

  /** The platform quotes nothing now. */
  final class NoQuote extends RuntimeException {
    NoQuote(String how) {
      super(how);
    }
  }

  /** The instance no longer answers. */
  final class Gone extends RuntimeException {
    Gone(String how) {
      super(how);
    }
  }
}
