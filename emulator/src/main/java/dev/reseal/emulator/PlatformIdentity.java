package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;

/**
 * What tells one emulated platform from another in its PCK certificate.
 *
 * @param ppid 16 bytes, random per machine
 * @param instanceId 16 bytes, random per platform instance; a board swap makes a new one
 * @param fmspc 6 bytes: family, model, stepping, platform type, custom SKU
 * @param pceId 2 bytes
 */
public record PlatformIdentity(Bytes ppid, Bytes instanceId, Bytes fmspc, Bytes pceId, Tcb tcb) {
  /**
   * The FMSPC of a machine that asked for none; {@code E0} begins no FMSPC that Intel uses here.
   */
  public static final Bytes FIRST_FMSPC = Bytes.hex("e0eeee000000");

  public PlatformIdentity {
    if (ppid.size() != 16 || instanceId.size() != 16 || fmspc.size() != 6 || pceId.size() != 2) {
      throw new IllegalArgumentException("platform identity has a field of the wrong size");
    }
  }

  /** A new platform of that FMSPC. */
  public static PlatformIdentity random(Bytes fmspc) {
    return new PlatformIdentity(random16(), random16(), fmspc, Bytes.zeros(2), Tcb.FIRST);
  }

  public PlatformIdentity withTcb(Tcb raised) {
    return new PlatformIdentity(ppid, instanceId, fmspc, pceId, raised);
  }

  private static Bytes random16() {
    try (Secret random = Secret.random(16)) {
      return random.use(Bytes::of);
    }
  }
}
