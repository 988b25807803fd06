package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a TD quote says about a TD: 584 bytes (TDX 1.0) or 648 (TDX 1.5), Intel TDX DCAP quoting
 * library, sgx_quote_4.h and sgx_quote_5.h.
 *
 * @param teeTcbSvn 16 security versions: module minor, module major, SEAM loader, ...
 * @param rtmrs four of 48 bytes
 * @param relaunch what TDX 1.5 adds
 */
public record TdReport(
    Bytes teeTcbSvn,
    Bytes mrSeam,
    Bytes mrSignerSeam,
    Bytes seamAttributes,
    Bytes tdAttributes,
    Bytes xfam,
    Bytes mrTd,
    Bytes mrConfigId,
    Bytes mrOwner,
    Bytes mrOwnerConfig,
    List<Bytes> rtmrs,
    Bytes reportData,
    Optional<Tdx15> relaunch) {

  /**
   * The part of TDX 1.5.
   *
   * @param teeTcbSvn2 the TCB loaded now, which the TD would run under after a relaunch
   * @param mrServiceTd 48 bytes
   */
  public record Tdx15(Bytes teeTcbSvn2, Bytes mrServiceTd) {}

  static final int SIZE_10 = 584;
  static final int SIZE_15 = 648;

  private static final int SEPT_VE_DISABLE_BIT = 28;

  public TdReport {
    rtmrs = List.copyOf(rtmrs);
  }

  /** Reads a body of exactly one of the two sizes. */
  static TdReport parse(Bytes bytes) throws MalformedException {
    LittleEndianReader in = new LittleEndianReader("TD report", bytes);
    Bytes teeTcbSvn = in.take(16, "TEE TCB SVN");
    Bytes mrSeam = in.take(48, "MRSEAM");
    Bytes mrSignerSeam = in.take(48, "MRSIGNERSEAM");
    Bytes seamAttributes = in.take(8, "SEAM attributes");
    Bytes tdAttributes = in.take(8, "TD attributes");
    Bytes xfam = in.take(8, "XFAM");
    Bytes mrTd = in.take(48, "MRTD");
    Bytes mrConfigId = in.take(48, "MRCONFIGID");
    Bytes mrOwner = in.take(48, "MROWNER");
    Bytes mrOwnerConfig = in.take(48, "MROWNERCONFIG");
    List<Bytes> rtmrs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      rtmrs.add(in.take(48, "RTMR" + i));
    }
    Bytes reportData = in.take(64, "REPORTDATA");
    Optional<Tdx15> relaunch = Optional.empty();
    if (bytes.size() == SIZE_15) {
      relaunch = Optional.of(new Tdx15(in.take(16, "TEE TCB SVN 2"), in.take(48, "MRSERVICETD")));
    }
    return new TdReport(
        teeTcbSvn,
        mrSeam,
        mrSignerSeam,
        seamAttributes,
        tdAttributes,
        xfam,
        mrTd,
        mrConfigId,
        mrOwner,
        mrOwnerConfig,
        rtmrs,
        reportData,
        relaunch);
  }

  /** Whether the host can look into this TD: bits 0 to 7 (TUD), every one of which means so. */
  public boolean debug() {
    return tdAttributes.at(0) != 0;
  }

  /** Whether EPT violations of private pages cannot be injected into the TD. */
  public boolean septVeDisabled() {
    return ((tdAttributes.at(SEPT_VE_DISABLE_BIT / 8) >> (SEPT_VE_DISABLE_BIT % 8)) & 1) == 1;
  }

  /** Whether TD attribute bits are set that mean nothing yet (bits 8 to 27, 29, 32 to 62). */
  public boolean reservedAttributes() {
    return tdAttributes.at(1) != 0
        || tdAttributes.at(2) != 0
        || (tdAttributes.at(3) & 0x2f) != 0
        || !tdAttributes.slice(4, 3).allZero()
        || (tdAttributes.at(7) & 0x7f) != 0;
  }
}
