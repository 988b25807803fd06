package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import java.util.Locale;
import java.util.Optional;

/** Whether the TDX module under a TD is Intel's and which level it has. */
final class TdxModule {
  private static final String WHAT = "TDX module";

  private TdxModule() {}

  /** The identity for the module's major version, which byte 1 of a TEE TCB SVN gives. */
  static Optional<TcbInfo.Module> identity(TcbInfo info, int version) {
    String id = "TDX_%02X".formatted(version);
    return info.tdxModuleIdentities().stream()
        .filter(module -> module.id().toUpperCase(Locale.ROOT).equals(id))
        .findFirst();
  }

  private static TcbInfo.Module expected(TdReport td, TcbInfo info) throws Refusal {
    int version = td.teeTcbSvn().at(1) & 0xff;
    Optional<TcbInfo.Module> module = version == 0 ? info.tdxModule() : identity(info, version);
    return module.orElseThrow(
        () -> mismatch("version " + version, "a module that the TCB info names"));
  }

  /** Signer and attributes of the module. */
  static void check(TdReport td, TcbInfo info) throws Refusal {
    TcbInfo.Module module = expected(td, info);
    if (!td.mrSignerSeam().equals(module.mrSigner())) {
      throw mismatch("signer " + td.mrSignerSeam(), module.mrSigner().toHex());
    }
    Bytes attributes = td.seamAttributes();
    if (!attributes.allZero() || !attributes.equals(module.attributes())) {
      throw mismatch("attributes " + attributes, module.attributes() + ", all zero");
    }
  }

  static Judgement.Part level(TdReport td, TcbInfo info) throws Refusal {
    TcbInfo.Module module = expected(td, info);
    if (module.levels().isEmpty()) {
      return Judgement.Part.NONE;
    }
    int svn = td.teeTcbSvn().at(0) & 0xff;
    SvnLevel level =
        SvnLevel.select(module.levels(), svn)
            .orElseThrow(() ->
                new Refusal(
                    Reason.TCB_NOT_RECOGNISED,
                    WHAT + " " + module.id(),
                    "version " + svn,
                    "at least its lowest level"));
    return Judgement.Part.of(level, WHAT + " level");
  }

  private static Refusal mismatch(String have, String need) {
    return new Refusal(Reason.TDX_MODULE_MISMATCH, WHAT, have, need);
  }
}
