package dev.reseal.platform;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;

/**
 * The platform as an instance sees it from inside (spec 22.1). Keys, reports and quotes are those
 * of the calling instance's own measurement, attributes and SVNs; nobody else can ask in its name.
 *
 * <p>Every method throws {@link PlatformException} when the device is gone.
 */
public interface Device extends AutoCloseable {
  /** The calling instance's own MRENCLAVE, 32 bytes. */
  Bytes mrenclave();

  /** EGETKEY with the 512 bytes of a KEYREQUEST. */
  KeyResult egetkey(Bytes keyRequest);

  /** EREPORT: the 432 bytes of a REPORT for the 512 bytes of a TARGETINFO and 64 of REPORTDATA. */
  Bytes report(Bytes targetInfo, Bytes reportData);

  QuoteResult quote(Bytes reportData);

  /** Ends the session; the instance can ask nothing more. */
  @Override
  void close();

  /** The answer to EGETKEY: the key of exactly this request, or a plain no. */
  sealed interface KeyResult {
    /** 16 bytes, owned by the caller. */
    record Key(Secret key) implements KeyResult {}

    /** This runtime cannot make explicit requests; it never answers with another key instead. */
    record Unsupported() implements KeyResult {}

    record Failed(KeyError error) implements KeyResult {}
  }

  /** The leaf's error numbers (asm/sgx.h). */
  enum KeyError {
    INVALID_ATTRIBUTE(2),
    INVALID_CPUSVN(32),
    INVALID_ISVSVN(64),
    INVALID_KEYNAME(256);

    private final int code;

    KeyError(int code) {
      this.code = code;
    }

    public int code() {
      return code;
    }
  }

  /** A quote over the caller's own measurement, or why there is none now. */
  sealed interface QuoteResult {
    record Quote(Bytes quote) implements QuoteResult {}

    record Unavailable(String detail) implements QuoteResult {}
  }
}
