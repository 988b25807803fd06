package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/**
 * Whether a TD is out of date only because it was launched before its TDX module was updated, so
 * that launching it again would cure it (Intel QVL, TDRelaunchCheck). Only TDX 1.5 quotes can tell.
 */
final class TdRelaunch {
  private static final int MODULE_SVN = 0;
  private static final int MODULE_VERSION = 1;
  private static final int LOADER_SVN = 2;

  private TdRelaunch() {}

  /**
   * Decides.
   *
   * @param sgx status of the first level that the SGX part reaches
   * @param tdx status of the selected level, merged with the module's
   */
  static boolean advised(
      TdReport td,
      TcbInfo info,
      TcbStatus sgx,
      TcbStatus tdx,
      Judgement.Part module,
      Judgement.Part qe) {
    Optional<TdReport.Tdx15> loaded = td.relaunch();
    return loaded.isPresent()
        && qe.status() == TcbStatus.UP_TO_DATE
        && current(sgx)
        && tdx.outOfDate()
        && module.status() == TcbStatus.OUT_OF_DATE
        && newest(loaded.get().teeTcbSvn2(), info);
  }

  private static boolean current(TcbStatus sgx) {
    return switch (sgx) {
      case UP_TO_DATE,
          SW_HARDENING_NEEDED,
          CONFIGURATION_NEEDED,
          CONFIGURATION_AND_SW_HARDENING_NEEDED ->
          true;
      case OUT_OF_DATE,
          OUT_OF_DATE_CONFIGURATION_NEEDED,
          TD_RELAUNCH_ADVISED,
          TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
          REVOKED ->
          false;
    };
  }

  private static boolean newest(Bytes svn2, TcbInfo info) {
    Bytes highest = info.levels().getFirst().tdx();
    boolean loader = at(svn2, LOADER_SVN) >= at(highest, LOADER_SVN);
    int version = at(svn2, MODULE_VERSION);
    if (version == 0) {
      return loader && at(svn2, MODULE_SVN) >= at(highest, MODULE_SVN);
    }
    return loader
        && TdxModule.identity(info, version)
            .map(module -> at(svn2, MODULE_SVN) >= module.levels().getFirst().isvSvn())
            .orElse(false);
  }

  private static int at(Bytes svns, int index) {
    return svns.at(index) & 0xff;
  }
}
