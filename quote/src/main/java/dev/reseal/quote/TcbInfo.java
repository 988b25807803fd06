package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What Intel says about the TCBs of one family of platforms (PCS API, TCB info version 2 or 3).
 *
 * @param fmspc 6 bytes
 * @param pceId 2 bytes
 * @param levels highest first
 */
record TcbInfo(
    Tee tee,
    Instant issueDate,
    Instant nextUpdate,
    Bytes fmspc,
    Bytes pceId,
    int evaluationNumber,
    Optional<Module> tdxModule,
    List<Module> tdxModuleIdentities,
    List<TcbLevel> levels) {

  /**
   * A TDX module.
   *
   * @param id "TDX_01" and so on; empty for the one without an identity
   * @param mrSigner 48 bytes
   * @param attributes 8 bytes, compared under {@code attributesMask}
   */
  record Module(
      String id, Bytes mrSigner, Bytes attributes, Bytes attributesMask, List<SvnLevel> levels) {
    private static Module read(Json.Obj in, String id, List<SvnLevel> levels)
        throws MalformedException {
      return new Module(
          id, in.hex("mrsigner", 48), in.hex("attributes", 8), in.hex("attributesMask", 8), levels);
    }
  }

  private static final int MAX_LEVELS = 1000;

  TcbInfo {
    tdxModuleIdentities = List.copyOf(tdxModuleIdentities);
    levels = List.copyOf(levels);
  }

  static TcbInfo read(Json.Obj in) throws MalformedException {
    int version = in.number("version", 1000);
    if (version != 2 && version != 3) {
      throw new MalformedException("TCB info", in.from(), "version " + version, "version 2 or 3");
    }
    Tee tee = version == 2 ? Tee.SGX : tee(in);
    in.number("tcbType", 0);
    return new TcbInfo(
        tee,
        SignedJson.instant(in, "issueDate"),
        SignedJson.instant(in, "nextUpdate"),
        in.hex("fmspc", 6),
        in.hex("pceId", 2),
        in.number("tcbEvaluationDataNumber", Integer.MAX_VALUE),
        tee == Tee.TDX
            ? Optional.of(Module.read(in.object("tdxModule"), "", List.of()))
            : Optional.empty(),
        tee == Tee.TDX && in.has("tdxModuleIdentities") ? identities(in) : List.of(),
        levels(in, version, tee));
  }

  private static Tee tee(Json.Obj in) throws MalformedException {
    String id = in.text("id");
    return switch (id) {
      case "SGX" -> Tee.SGX;
      case "TDX" -> Tee.TDX;
      default -> throw new MalformedException("TCB info", in.from(), "id " + id, "SGX or TDX");
    };
  }

  private static List<Module> identities(Json.Obj in) throws MalformedException {
    List<Module> all = new ArrayList<>();
    for (Json item : in.list("tdxModuleIdentities")) {
      if (!(item instanceof Json.Obj module)) {
        throw new MalformedException("tdxModuleIdentities", in.from(), "another value", "objects");
      }
      String id = module.text("id");
      if (all.stream().anyMatch(other -> other.id().equalsIgnoreCase(id))) {
        throw new MalformedException("tdxModuleIdentities", module.from(), id + " twice", "once");
      }
      all.add(Module.read(module, id, SvnLevel.readAll(module)));
    }
    return all;
  }

  private static List<TcbLevel> levels(Json.Obj in, int version, Tee tee)
      throws MalformedException {
    List<Json> items = in.list("tcbLevels");
    if (items.isEmpty() || items.size() > MAX_LEVELS) {
      throw new MalformedException(
          "tcbLevels", in.from(), items.size() + " levels", "1 to " + MAX_LEVELS);
    }
    List<TcbLevel> levels = new ArrayList<>();
    Set<Bytes> seen = new HashSet<>();
    for (Json item : items) {
      if (!(item instanceof Json.Obj object)) {
        throw new MalformedException("tcbLevels", in.from(), "another value", "objects");
      }
      TcbLevel level = TcbLevel.read(object, version, tee);
      if (!seen.add(Bytes.concat(level.sgx(), Bytes.u16(level.pceSvn()), level.tdx()))) {
        throw new MalformedException("tcbLevels", object.from(), "a level twice", "each once");
      }
      levels.add(level);
    }
    levels.sort(TcbLevel.ORDER);
    return levels;
  }
}
