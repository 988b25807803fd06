package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;

/** EGETKEY as the container layer needs it; the platform's device answers it. */
@FunctionalInterface
public interface PlatformKeys {
  Answer egetkey(Bytes keyRequest);

  /** The key of exactly this request, or why there is none. */
  sealed interface Answer {
    /** 16 bytes, owned by the caller. */
    record Key(Secret key) implements Answer {}

    record Unsupported() implements Answer {}

    /** The request names a CPUSVN or ISVSVN above the platform's or caller's own. */
    record SvnAbove() implements Answer {}

    record Refused(String detail) implements Answer {}
  }
}
