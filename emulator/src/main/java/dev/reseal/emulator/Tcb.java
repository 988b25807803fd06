package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;

/**
 * A platform's TCB: 16 component SVNs, which are also its CPUSVN here, and the PCE's SVN.
 *
 * <p>On hardware the CPUSVN is opaque and only the PCK certificate maps it to components.
 */
public record Tcb(Bytes cpuSvn, int pceSvn) {
  /** What a new machine starts with; component 0 stands for the microcode. */
  public static final Tcb FIRST = new Tcb(Bytes.hex("05050202ff0100060000000000000000"), 11);

  public Tcb {
    if (cpuSvn.size() != 16 || pceSvn < 0 || pceSvn > 0xffff) {
      throw new IllegalArgumentException("a TCB has 16 components and a u16 PCESVN");
    }
  }

  /** After a microcode update: component 0 at {@code svn}. */
  public Tcb withMicrocode(int svn) {
    if (svn < 0 || svn > 0xff) {
      throw new IllegalArgumentException("microcode SVN: found " + svn + ", expected 0 to 255");
    }
    byte[] components = cpuSvn.toArray();
    components[0] = (byte) svn;
    return new Tcb(Bytes.wrap(components), pceSvn);
  }

  public int microcode() {
    return cpuSvn.at(0) & 0xff;
  }

  /** Whether every component of {@code other} is at most this one's: such keys can be derived. */
  public boolean covers(Bytes other) {
    for (int i = 0; i < 16; i++) {
      if ((other.at(i) & 0xff) > (cpuSvn.at(i) & 0xff)) {
        return false;
      }
    }
    return true;
  }
}
