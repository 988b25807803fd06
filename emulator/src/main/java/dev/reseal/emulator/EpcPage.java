package dev.reseal.emulator;

import dev.reseal.sgx.Mrenclave;
import dev.reseal.sgx.SecInfo;
import java.util.Arrays;

/**
 * One page of EPC with its EPCM entry. Content is reachable only through the checks of {@link Epc}.
 */
final class EpcPage {
  /** What the EPCM says of a page in use. */
  record Entry(long enclave, long offset, SecInfo secInfo) {}

  private final byte[] content = new byte[Mrenclave.PAGE];
  private Entry entry = NOBODY;
  private boolean valid;

  private static final Entry NOBODY = new Entry(0, 0, new SecInfo(0));

  void assign(Entry owner, byte[] source) {
    if (valid) {
      throw new IllegalStateException("EPC page assigned twice");
    }
    valid = true;
    entry = owner;
    System.arraycopy(source, 0, content, 0, source.length);
  }

  /** EREMOVE or EWB: invalid from here on, and unreadable because it is zero. */
  void release(boolean erase) {
    valid = false;
    entry = NOBODY;
    if (erase) {
      Arrays.fill(content, (byte) 0);
    }
  }

  Entry entry() {
    return entry;
  }

  byte[] content() {
    return content;
  }
}
