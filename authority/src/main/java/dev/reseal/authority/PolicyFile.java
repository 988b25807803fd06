package dev.reseal.authority;

import dev.reseal.authority.Policy.Allowed;
import dev.reseal.authority.Policy.Approvals;
import dev.reseal.authority.Policy.Dials;
import dev.reseal.authority.Policy.PlatformRule;
import dev.reseal.authority.Policy.Supervisor;
import dev.reseal.bytes.Bytes;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.PlatformKind;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Essentials.Binding;
import dev.reseal.wire.Essentials.Env;
import dev.reseal.wire.Essentials.Recovery;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Limits;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The policy file (protocol 23): strict JSON, refused with the line and field that is wrong. */
public final class PolicyFile {
  /** A request carries the file, so it must fit one with room for its envelope. */
  public static final int MOST = 48 * 1024;

  /** What a policy can leave to a host; everything else is for operators. */
  static final Set<Kind> HOST_KINDS = Set.of(Kind.TAKEOVER, Kind.ABORT, Kind.RETIRE);

  private static final int LIST = 256;
  private static final long STATE_MOST = 1L << 40;
  private static final long RPO_ZERO_STATE = 4L << 20;
  private static final Bytes ALL_ONES = Bytes.hex("ff".repeat(16));

  private PolicyFile() {}

  /** The policies in the order of the file; throws {@link PolicyException}. */
  public static List<Policy> parse(Bytes content) {
    if (content.size() > MOST) {
      throw new PolicyException(0, "", content.size() + " bytes, more than " + MOST);
    }
    JsonFields file = JsonFields.of(StrictJson.parse(content), "");
    file.number("version", 1, 1);
    List<Policy> all = new ArrayList<>();
    Set<Object> taken = new HashSet<>();
    file.list(
        "lineages",
        LIST,
        item -> {
          Policy policy = lineage(item.object());
          if (!taken.add(policy.name()) || !taken.add(policy.essentials().lineage())) {
            throw item.object().refuse("name", "a second lineage of this name or id");
          }
          return all.add(policy);
        });
    file.end();
    if (all.isEmpty()) {
      throw file.refuse("lineages", "the policy is empty: it names no lineage");
    }
    return List.copyOf(all);
  }

  /** The policy of one lineage in the file. */
  static Policy parse(Bytes content, Bytes lineage) {
    return parse(content).stream()
        .filter(each -> each.essentials().lineage().equals(lineage))
        .findFirst()
        .orElseThrow(
            () -> new PolicyException(0, "lineages", "the file has no lineage " + lineage));
  }

  private static Policy lineage(JsonFields in) {
    String name = in.text("name");
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
      throw in.refuse("name", "letters, digits, . _ -, at most 63");
    }
    Essentials essentials = essentials(in);
    List<PlatformRule> platforms =
        in.list("platforms", LIST, item -> platform(item.object(), essentials));
    Policy policy =
        new Policy(
            name,
            essentials,
            in.list("allowed", LIST, item -> allowed(item.object())),
            platforms,
            TcbFields.read(in, platforms),
            in.list("operators", LIST, JsonFields.Item::key),
            in.list("supervisors", LIST, item -> supervisor(item.object())),
            approvals(in),
            dials(in, essentials.env() == Env.DEMO));
    in.end();
    return policy;
  }

  private static Essentials essentials(JsonFields in) {
    Bytes lineage = in.hex("lineage", 16);
    if (lineage.allZero()) {
      throw in.refuse("lineage", "zeros name no lineage");
    }
    Env env = Env.valueOf(upper(in.oneOf("env", List.of("prod", "demo"))));
    Binding binding =
        Binding.valueOf(upper(in.oneOf("binding", List.of("enclave", "signer", "none"))));
    Recovery recovery = Recovery.valueOf(upper(in.oneOf("recovery", List.of("none", "authority"))));
    Essentials made =
        new Essentials(
            lineage,
            env,
            binding,
            recovery,
            in.numberOrNull("rpo_updates", 0, Long.MAX_VALUE),
            in.number("state_max", 1, STATE_MOST),
            in.list("purposes", 64, JsonFields.Item::text),
            in.hexIfPresent("attribute_mask", 16).orElse(ALL_ONES),
            in.number("misc_mask", 0, 0xffff_ffffL, 0xffff_ffffL));
    check(in, made);
    return made;
  }

  private static void check(JsonFields in, Essentials made) {
    if (made.rpoUpdates().filter(rpo -> rpo == 0).isPresent() && made.stateMax() > RPO_ZERO_STATE) {
      throw in.refuse("rpo_updates", "0 needs \"state_max\" of at most " + RPO_ZERO_STATE);
    }
    if (made.binding() == Binding.NONE && made.recovery() != Recovery.AUTHORITY) {
      throw in.refuse("binding", "\"none\" needs \"recovery\": \"authority\"");
    }
    if (made.binding() == Binding.NONE && made.env() != Env.DEMO) {
      throw in.refuse("binding", "\"none\" is for emulated platforms only: \"env\": \"demo\"");
    }
    if (made.purposes().isEmpty()
        || new HashSet<>(made.purposes()).size() != made.purposes().size()) {
      throw in.refuse("purposes", "must name at least one purpose, each once");
    }
    for (String purpose : made.purposes()) {
      if (purpose.isEmpty() || purpose.length() > 64) {
        throw in.refuse("purposes", "each of 1 to 64 characters");
      }
    }
    int size = made.encode().size();
    if (size > Limits.CORE) {
      throw in.refuse(
          "purposes", "make " + size + " bytes of what an epoch knows, more than " + Limits.CORE);
    }
    if (!attributes(in, made.attributeMask()).has(Attributes.INIT | Attributes.DEBUG)) {
      throw in.refuse("attribute_mask", "leaves out INIT or DEBUG");
    }
  }

  private static Allowed allowed(JsonFields in) {
    Allowed made =
        new Allowed(
            in.hex("mrenclave", 32),
            in.number("isvprodid", 0, 0xffff),
            in.number("least_isvsvn", 0, 0xffff),
            attributes(in, in.hexIfPresent("attribute_mask", 16).orElse(ALL_ONES)),
            in.hexIfPresent("configid", 64).orElse(Bytes.zeros(64)));
    in.end();
    return made;
  }

  private static Attributes attributes(JsonFields in, Bytes mask) {
    try {
      return Attributes.parse(mask);
    } catch (MalformedException malformed) {
      throw in.refuse("attribute_mask", String.valueOf(malformed.getMessage()));
    }
  }

  private static PlatformRule platform(JsonFields in, Essentials essentials) {
    PlatformKind kind = PlatformKind.valueOf(upper(in.oneOf("kind", List.of("sgx", "emulated"))));
    if (essentials.env() == Env.PROD && kind == PlatformKind.EMULATED) {
      throw in.refuse("kind", "\"env\": \"prod\" cannot name an emulated platform");
    }
    if (essentials.env() == Env.DEMO && kind != PlatformKind.EMULATED) {
      throw in.refuse("kind", "\"env\": \"demo\" is for emulated platforms only");
    }
    if (essentials.binding() == Binding.NONE && kind != PlatformKind.EMULATED) {
      throw in.refuse("kind", "\"binding\": \"none\" is for emulated platforms only");
    }
    Bytes root = in.hex("root_spki_sha256", 32);
    if (kind == PlatformKind.SGX && !root.equals(TrustAnchors.INTEL_KEY)) {
      throw in.refuse(
          "root_spki_sha256",
          "Intel's SGX root has " + TrustAnchors.INTEL_KEY + ", no other counts");
    }
    Set<Bytes> ids = Set.copyOf(in.list("ids", LIST, item -> item.hex(32)));
    in.end();
    return new PlatformRule(kind.number(), root, ids);
  }

  private static Supervisor supervisor(JsonFields in) {
    VerifyKey key = in.key("key");
    Set<Kind> may = new HashSet<>();
    for (String word : in.list("may", 16, JsonFields.Item::text)) {
      Kind kind = kind(in, "may", word);
      if (!HOST_KINDS.contains(kind)) {
        throw in.refuse("may", "a supervisor cannot be given '" + word + "'");
      }
      may.add(kind);
    }
    in.end();
    return new Supervisor(key, Set.copyOf(may));
  }

  private static Map<Kind, Approvals> approvals(JsonFields in) {
    Map<Kind, Approvals> all = new TreeMap<>();
    in.node("approvals")
        .ifPresent(node ->
            JsonFields.entries(node, "approvals")
                .forEach((word, entry) -> {
                  JsonFields each = JsonFields.of(entry, "approvals." + word);
                  int least = (int) each.number("least", 1, LIST);
                  List<VerifyKey> of = each.list("of", LIST, JsonFields.Item::key);
                  each.end();
                  if (of.stream().distinct().count() < least) {
                    throw each.refuse("of", "fewer keys than the " + least + " that must approve");
                  }
                  all.put(kind(in, "approvals", word), new Approvals(least, of));
                }));
    return all;
  }

  private static Kind kind(JsonFields in, String field, String word) {
    try {
      return Kind.named(word);
    } catch (WireException unknown) {
      throw in.refuse(field, unknown.detail());
    }
  }

  private static Dials dials(JsonFields in, boolean demo) {
    Dials base = Dials.DEFAULT;
    return new Dials(
        in.number("life_ms", demo ? 2_000 : 30_000, 3_600_000, base.lifeMs()),
        in.number("skew_ms", demo ? 200 : 1_000, 60_000, base.skewMs()),
        in.number("rekey_grace_s", demo ? 2 : 60, 86_400, base.rekeyGraceS()),
        in.number("max_grants", 1, 1_000, base.maxGrants()),
        in.number("grant_interval_s", demo ? 1 : 10, 3_600, base.grantIntervalS()),
        in.number("nonce_rate", 0, 1_000, base.nonceRate()),
        in.number("permit_s", demo ? 10 : 60, 900, base.permitS()));
  }

  private static String upper(String word) {
    return word.toUpperCase(Locale.ROOT);
  }
}
