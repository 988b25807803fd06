package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/**
 * TCS (4,096 bytes), the thread control page as given to EADD: the state and AEP words, which only
 * the processor writes, are zero (SDM volume 3D).
 */
public record Tcs(
    long flags,
    long ossa,
    int cssa,
    int nssa,
    long oentry,
    long ofsBase,
    long ogsBase,
    int fsLimit,
    int gsLimit) {
  public static final int SIZE = 4096;

  public static final long DBGOPTIN = 0x1;
  public static final long AEXNOTIFY = 0x2;

  public static Tcs parse(Bytes bytes) throws MalformedException {
    Fields in = Fields.exactly(SIZE, "TCS", bytes);
    in.zero(8);
    long flags = in.bits64();
    if ((flags & ~(DBGOPTIN | AEXNOTIFY)) != 0) {
      throw in.malformed(8, "flags 0x" + Long.toHexString(flags), "only DBGOPTIN and AEXNOTIFY");
    }
    long ossa = in.bits64();
    int cssa = in.bits32();
    int nssa = in.bits32();
    long oentry = in.bits64();
    in.zero(8);
    long ofsBase = in.bits64();
    long ogsBase = in.bits64();
    int fsLimit = in.bits32();
    int gsLimit = in.bits32();
    in.zero(SIZE - 72);
    return new Tcs(flags, ossa, cssa, nssa, oentry, ofsBase, ogsBase, fsLimit, gsLimit);
  }

  public Bytes encode() {
    return new Writer(SIZE)
        .zero(8)
        .u64(flags)
        .u64(ossa)
        .u32(cssa)
        .u32(nssa)
        .u64(oentry)
        .zero(8)
        .u64(ofsBase)
        .u64(ogsBase)
        .u32(fsLimit)
        .u32(gsLimit)
        .zero(SIZE - 72)
        .done();
  }
}
