package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/**
 * From which TCB on a platform has which status.
 *
 * @param sgx 16 component security versions
 * @param tdx 16 of the TDX module and its loader; empty for SGX
 * @param status as the signed text has it
 */
record TcbLevel(
    Bytes sgx, int pceSvn, Bytes tdx, Instant tcbDate, String status, List<String> advisories) {
  static final int COMPONENTS = 16;

  /** Highest first. */
  static final Comparator<TcbLevel> ORDER =
      Comparator.comparing(TcbLevel::sgx)
          .thenComparingInt(TcbLevel::pceSvn)
          .thenComparing(TcbLevel::tdx)
          .reversed();

  TcbLevel {
    advisories = List.copyOf(advisories);
  }

  static TcbLevel read(Json.Obj level, int version, Tee tee) throws MalformedException {
    Json.Obj tcb = level.object("tcb");
    return new TcbLevel(
        version == 2 ? components2(tcb) : components3(tcb, "sgxtcbcomponents"),
        tcb.number("pcesvn", 0xffff),
        tee == Tee.TDX ? components3(tcb, "tdxtcbcomponents") : Bytes.EMPTY,
        SignedJson.instant(level, "tcbDate"),
        level.text("tcbStatus"),
        level.texts("advisoryIDs"));
  }

  private static Bytes components2(Json.Obj tcb) throws MalformedException {
    byte[] all = new byte[COMPONENTS];
    for (int i = 0; i < COMPONENTS; i++) {
      all[i] = (byte) tcb.number("sgxtcbcomp%02dsvn".formatted(i + 1), 0xff);
    }
    return Bytes.wrap(all);
  }

  private static Bytes components3(Json.Obj tcb, String name) throws MalformedException {
    List<Json> items = tcb.list(name);
    if (items.size() != COMPONENTS) {
      throw new MalformedException(name, tcb.from(), items.size() + " components", "16");
    }
    byte[] all = new byte[COMPONENTS];
    for (int i = 0; i < COMPONENTS; i++) {
      if (!(items.get(i) instanceof Json.Obj item)) {
        throw new MalformedException(name, tcb.from(), "another value", "objects");
      }
      all[i] = (byte) item.number("svn", 0xff);
    }
    return Bytes.wrap(all);
  }

  /** Whether the certified TCB reaches this level, TDX apart. */
  boolean reachedBySgx(PckExtension.Tcb have) {
    return atLeast(have.components(), sgx, 0) && have.pceSvn() >= pceSvn;
  }

  /**
   * Whether a TD's TEE TCB SVN reaches this level. Where the TDX module has an identity of its own,
   * which byte 1 says, bytes 0 and 1 are judged by that identity.
   */
  boolean reachedByTdx(Bytes teeTcbSvn) {
    return atLeast(teeTcbSvn, tdx, teeTcbSvn.at(1) == 0 ? 0 : 2);
  }

  private static boolean atLeast(Bytes have, Bytes need, int from) {
    for (int i = from; i < COMPONENTS; i++) {
      if ((have.at(i) & 0xff) < (need.at(i) & 0xff)) {
        return false;
      }
    }
    return true;
  }
}
