package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.PlatformKind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** An {@link AppraisalPolicy} as strict JSON: no unknown members, an empty list allows nothing. */
public final class PolicyFile {
  private static final int MAX_SECONDS = Integer.MAX_VALUE;
  private static final Set<String> MEMBERS =
      Set.of(
          "version",
          "statuses",
          "advisories",
          "least_evaluation_number",
          "max_collateral_age_s",
          "grace_s",
          "platforms",
          "measurements");

  private PolicyFile() {}

  public static AppraisalPolicy parse(Bytes json) throws MalformedException {
    Json.Obj in = Json.parse("policy", json);
    only(in, MEMBERS);
    if (in.number("version", MAX_SECONDS) != 1) {
      throw bad(in, "another version", "\"version\": 1");
    }
    return new AppraisalPolicy(
        statuses(in),
        in.has("advisories") ? Optional.of(advisories(in.object("advisories"))) : Optional.empty(),
        optional(in, "least_evaluation_number").orElse(0),
        optional(in, "max_collateral_age_s").map(Duration::ofSeconds),
        Duration.ofSeconds(optional(in, "grace_s").orElse(0)),
        in.has("platforms") ? Optional.of(platforms(in)) : Optional.empty(),
        in.has("measurements") ? Optional.of(measurements(in)) : Optional.empty());
  }

  private static Set<TcbStatus> statuses(Json.Obj in) throws MalformedException {
    in.need("statuses");
    Set<TcbStatus> all = EnumSet.noneOf(TcbStatus.class);
    for (String word : in.texts("statuses")) {
      TcbStatus status =
          TcbStatus.of(word).orElseThrow(() -> bad(in, "status " + word, "a known status"));
      if (status == TcbStatus.REVOKED) {
        throw bad(in, "status Revoked", "no policy accepts a revoked platform");
      }
      all.add(status);
    }
    return all;
  }

  private static Map<String, Instant> advisories(Json.Obj in) throws MalformedException {
    Map<String, Instant> all = new HashMap<>();
    for (String id : in.members().keySet()) {
      all.put(id, SignedJson.instant(in, id));
    }
    return all;
  }

  private static List<AppraisalPolicy.PlatformRule> platforms(Json.Obj in)
      throws MalformedException {
    List<AppraisalPolicy.PlatformRule> all = new ArrayList<>();
    for (Json.Obj item : objects(in, "platforms")) {
      only(item, Set.of("kind", "root_spki_sha256", "ids"));
      Set<Bytes> ids = new HashSet<>();
      for (String id : item.texts("ids")) {
        ids.add(digest(item, id));
      }
      Optional<Bytes> root =
          item.has("root_spki_sha256")
              ? Optional.of(item.hex("root_spki_sha256", 32))
              : Optional.empty();
      all.add(new AppraisalPolicy.PlatformRule(kind(item), root, ids));
    }
    return all;
  }

  private static PlatformKind kind(Json.Obj item) throws MalformedException {
    String kind = item.text("kind");
    return switch (kind) {
      case "sgx" -> PlatformKind.SGX;
      case "emulated" -> {
        if (!item.has("root_spki_sha256")) {
          throw bad(item, "an emulated platform without root", "its root_spki_sha256");
        }
        yield PlatformKind.EMULATED;
      }
      default -> throw bad(item, "kind " + kind, "sgx or emulated");
    };
  }

  private static List<Measurement> measurements(Json.Obj in) throws MalformedException {
    List<Measurement> all = new ArrayList<>();
    for (Json.Obj item : objects(in, "measurements")) {
      if (item.has("mrtd")) {
        only(item, Set.of("mrtd"));
        all.add(new Measurement.TrustDomain(item.hex("mrtd", 48)));
      } else {
        boolean signer = item.has("mrsigner");
        String name = signer ? "mrsigner" : "mrenclave";
        only(item, Set.of(name, "isvprodid", "least_isvsvn"));
        Bytes digest = item.hex(name, 32);
        int product = item.number("isvprodid", 0xffff);
        int least = item.number("least_isvsvn", 0xffff);
        all.add(
            signer
                ? new Measurement.Signer(digest, product, least)
                : new Measurement.Enclave(digest, product, least));
      }
    }
    return all;
  }

  private static List<Json.Obj> objects(Json.Obj in, String name) throws MalformedException {
    List<Json.Obj> all = new ArrayList<>();
    for (Json item : in.list(name)) {
      if (!(item instanceof Json.Obj object)) {
        throw bad(in, name + " with another value", "objects");
      }
      all.add(object);
    }
    return all;
  }

  private static Optional<Integer> optional(Json.Obj in, String name) throws MalformedException {
    return in.has(name) ? Optional.of(in.number(name, MAX_SECONDS)) : Optional.empty();
  }

  private static Bytes digest(Json.Obj in, String hex) throws MalformedException {
    try {
      if (hex.length() == 64) {
        return Bytes.hex(hex);
      }
    } catch (IllegalArgumentException other) {
      throw bad(in, hex, "64 hex digits");
    }
    throw bad(in, hex, "64 hex digits");
  }

  private static void only(Json.Obj in, Set<String> known) throws MalformedException {
    for (String name : in.members().keySet()) {
      if (!known.contains(name)) {
        throw bad(in, "member " + name, "one of " + known.stream().sorted().toList());
      }
    }
  }

  private static MalformedException bad(Json.Obj in, String found, String expected) {
    return new MalformedException("policy", in.from(), found, expected);
  }
}
