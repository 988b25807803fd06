package dev.reseal.quote;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/** The selected levels of platform, TDX module and quoting enclave, merged into one status. */
record Judgement(TcbStatus status, List<String> advisories, Instant tcbDate) {
  Judgement {
    advisories = List.copyOf(advisories);
  }

  /** A TDX module's part: its status and advisories. */
  record Part(TcbStatus status, List<String> advisories) {
    static final Part NONE = new Part(TcbStatus.UP_TO_DATE, List.of());

    Part {
      advisories = List.copyOf(advisories);
    }

    static Part of(SvnLevel level, String what) throws Refusal {
      return new Part(statusOf(level, what), level.advisories());
    }

    private static TcbStatus statusOf(SvnLevel level, String what) throws Refusal {
      TcbStatus status =
          TcbStatus.ofLevel(level.status()).orElseThrow(() -> unknown(what, level.status()));
      return switch (status) {
        case UP_TO_DATE, OUT_OF_DATE, REVOKED -> status;
        case SW_HARDENING_NEEDED,
            CONFIGURATION_NEEDED,
            CONFIGURATION_AND_SW_HARDENING_NEEDED,
            OUT_OF_DATE_CONFIGURATION_NEEDED,
            TD_RELAUNCH_ADVISED,
            TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED ->
            throw unknown(what, level.status());
      };
    }
  }

  private static Refusal unknown(String what, String word) {
    return new Refusal(Reason.TCB_NOT_RECOGNISED, what, "status " + word, "a known status");
  }

  /** Judges a quote whose collateral is for its platform. */
  static Judgement of(Quote quote, PckChain chain, CheckedCollateral collateral) throws Refusal {
    TcbInfo info = collateral.tcbInfo();
    return switch (quote.body()) {
      case QuoteBody.Enclave _ -> {
        Part qe = QeCheck.level(quote, collateral.qeIdentity());
        TcbLevel level = sgxLevel(info, chain.pck().tcb());
        yield merged(level, status(level), Part.NONE, qe);
      }
      case QuoteBody.TrustDomain td -> {
        Part module = TdxModule.level(td.report(), info);
        Part qe = QeCheck.level(quote, collateral.qeIdentity());
        yield tdx(td.report(), info, chain.pck().tcb(), module, qe);
      }
    };
  }

  private static Judgement tdx(
      TdReport td, TcbInfo info, PckExtension.Tcb have, Part module, Part qe) throws Refusal {
    TcbLevel sgx = sgxLevel(info, have);
    TcbLevel level =
        info.levels().stream()
            .filter(l -> l.reachedBySgx(have) && l.reachedByTdx(td.teeTcbSvn()))
            .findFirst()
            .orElseThrow(() -> noLevel("TEE TCB SVN " + td.teeTcbSvn()));
    // A platform that is revoked as such stays so, whichever lower level its TD also reaches.
    TcbStatus platform = status(sgx) == TcbStatus.REVOKED ? TcbStatus.REVOKED : status(level);
    Judgement plain = merged(level, platform, module, qe);
    if (TdRelaunch.advised(td, info, status(sgx), platform.merge(module.status()), module, qe)) {
      boolean configuration = plain.status.needsConfiguration() || status(sgx).needsConfiguration();
      return new Judgement(
          configuration
              ? TcbStatus.TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
              : TcbStatus.TD_RELAUNCH_ADVISED,
          plain.advisories,
          plain.tcbDate);
    }
    return plain;
  }

  private static Judgement merged(TcbLevel level, TcbStatus platform, Part module, Part qe) {
    Collection<String> advisories = new TreeSet<>(level.advisories());
    advisories.addAll(module.advisories());
    advisories.addAll(qe.advisories());
    return new Judgement(
        platform.merge(module.status()).merge(qe.status()),
        List.copyOf(advisories),
        level.tcbDate());
  }

  private static TcbLevel sgxLevel(TcbInfo info, PckExtension.Tcb have) throws Refusal {
    return info.levels().stream()
        .filter(level -> level.reachedBySgx(have))
        .findFirst()
        .orElseThrow(
            () -> noLevel("components " + have.components() + ", PCESVN " + have.pceSvn()));
  }

  private static Refusal noLevel(String have) {
    return new Refusal(
        Reason.TCB_NOT_RECOGNISED, "TCB level", have, "at least the lowest level of the TCB info");
  }

  private static TcbStatus status(TcbLevel level) throws Refusal {
    return TcbStatus.ofLevel(level.status())
        .orElseThrow(() -> unknown("TCB level", level.status()));
  }
}
