package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes the vectors of this module from fixed seeds: run by hand after a change of a format. */
final class MakeWireVectors {
  private MakeWireVectors() {}

  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[0]);
    Files.writeString(directory.resolve("hpke.vec"), hpke());
    Files.writeString(directory.resolve("cose.vec"), cose());
    Files.writeString(directory.resolve("messages.vec"), messages());
    Files.writeString(directory.resolve("digests.vec"), digests());
  }

  private static String text(String... keysAndValues) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      text.append(keysAndValues[i]).append(": ").append(keysAndValues[i + 1]).append('\n');
    }
    return text.append('\n').toString();
  }

  private static String hpke() {
    Randomness randomness = new FixedRandomness("hpke vectors");
    Bytes lineage = Samples.HEAD.lineage();
    Bytes op = Samples.HEAD.opId();
    StringBuilder all =
        new StringBuilder(
            text(
                "title", "RFC 9180 test vector: base mode, 0x0020, 0x0001, 0x0002",
                "recipient", "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
                "ephemeral", "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11",
                "info", "4f6465206f6e2061204772656369616e2055726e",
                "enc", "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
                "key", "f50b0609186798729ed0564b36ef2ef8044f1f9d05636874d1f46c819c7a669f",
                "nonce", "151d9929e2449747889bc923"));
    for (String purpose : List.of("share", "grant", "open", "keyset", "rekey")) {
      HpkeInfo info = new HpkeInfo(lineage, op, 7);
      Bytes to = randomness.bytes(32);
      boolean numbers = purpose.endsWith("key") || purpose.equals("keyset");
      Bytes first = numbers ? Bytes.u64(4) : randomness.bytes(32);
      Bytes second = numbers ? Bytes.u64(2) : randomness.bytes(32);
      Bytes made =
          switch (purpose) {
            case "share" -> info.share(to, first, second);
            case "grant" -> info.grant(to, first, second);
            case "open" -> info.open(to, first, second);
            case "keyset" -> info.keyset(to, 4, 2);
            default -> info.rekey(to, 4, 2);
          };
      X25519.Pair recipient = X25519.Pair.generate(randomness);
      X25519.Pair ephemeral = X25519.Pair.generate(randomness);
      Secret plaintext = randomness.secret(32);
      Hpke.Box box =
          Hpke.seal(
              recipient.publicKey(),
              made,
              plaintext,
              target -> ephemeral.secret().with(s -> System.arraycopy(s, 0, target, 0, 32)));
      all.append(
          text(
              "title",
              "purpose " + purpose,
              "purpose",
              purpose,
              "lineage",
              "" + lineage,
              "op",
              "" + op,
              "fence",
              "7",
              "to",
              "" + to,
              "context",
              "" + Bytes.concat(first, second),
              "recipient",
              "" + recipient.secret().use(Bytes::of),
              "ephemeral",
              "" + ephemeral.secret().use(Bytes::of),
              "info",
              "" + made,
              "plaintext",
              "" + plaintext.use(Bytes::of),
              "enc",
              "" + box.enc(),
              "ct",
              "" + box.ct()));
    }
    return all.toString();
  }

  private static String cose() {
    SigningKey key = Samples.KEY;
    Bytes payload = Samples.all().get(11).payload();
    Bytes good = Cose.sign("abort", payload, key);
    Bytes spki = key.verifyKey().spki();
    StringBuilder all = new StringBuilder();
    all.append(cose("abort", spki, good, "ok").stripTrailing())
        .append("\npayload: ")
        .append(payload)
        .append("\n\n");
    Map<String, Bytes> forms = new LinkedHashMap<>();
    forms.put("without tag", good.slice(1, good.size() - 1));
    forms.put("tag 17", Bytes.concat(Bytes.hex("d1"), good.slice(1, good.size() - 1)));
    forms.put("trailing byte", Bytes.concat(good, Bytes.zeros(1)));
    forms.put("cut", good.slice(0, good.size() - 1));
    String hex = good.toHex();
    forms.put("algorithm -8", Bytes.hex(hex.replaceFirst("a20126", "a20127")));
    forms.put("long tag", Bytes.concat(Bytes.hex("d812"), good.slice(1, good.size() - 1)));
    forms.put("unprotected not empty", Bytes.hex(hex.replaceFirst("a058", "a1010058")));
    forms.put(
        "nil payload",
        Bytes.concat(good.slice(0, 44), Bytes.hex("f6"), good.slice(good.size() - 66, 66)));
    forms.put("empty", Bytes.EMPTY);
    forms.forEach((_, message) -> all.append(cose("abort", spki, message, "FORM")));
    all.append(cose("activation", spki, good, "SIGNATURE"));
    all.append(cose("abort", spki, flip(good, good.size() - 1), "SIGNATURE"));
    all.append(cose("abort", spki, flip(good, good.size() - 80), "SIGNATURE"));
    Bytes zeroR =
        Bytes.concat(
            good.slice(0, good.size() - 64), Bytes.zeros(32), good.slice(good.size() - 32, 32));
    all.append(cose("abort", spki, zeroR, "SIGNATURE"));
    SigningKey other = SigningKey.generate(new FixedRandomness("another key"));
    all.append(cose("abort", other.verifyKey().spki(), good, "SIGNER"));
    return all.toString();
  }

  private static String cose(String type, Bytes spki, Bytes message, String expect) {
    return text("type", type, "spki", "" + spki, "message", "" + message, "expect", expect);
  }

  private static Bytes flip(Bytes bytes, int at) {
    byte[] flipped = bytes.toArray();
    flipped[at] ^= 1;
    return Bytes.wrap(flipped);
  }

  private static String messages() {
    StringBuilder all = new StringBuilder();
    for (Message message : Samples.all()) {
      String type = message.type().wireName();
      all.append(text("type", type, "payload", "" + message.payload(), "expect", "ok"));
      Cbor.Map map = (Cbor.Map) Cbor.decode(message.payload());
      long last = map.entries().lastKey();
      List<Cbor.Map> wrong =
          new ArrayList<>(
              List.of(
                  map.with(99, 0),
                  map.without(last),
                  map.without(6),
                  map.without(1).with(1, 2),
                  map.without(2).with(2, message.type().number() % 19 + 1),
                  map.without(3).with(3, Bytes.zeros(15)),
                  map.without(last).with(last, Cbor.array()),
                  map.without(5).with(5, true)));
      if (type.equals("retired") || type.equals("request") || type.equals("ticket")) {
        wrong.remove(6);
      }
      for (Cbor.Map each : wrong) {
        all.append(text("type", type, "payload", "" + each.encode(), "expect", "FORM"));
      }
    }
    structures()
        .forEach((payload, type) ->
            all.append(text("type", type, "payload", "" + payload, "expect", "ok")));
    return all.toString();
  }

  private static Bytes asking(Kind kind, Ask.Extra extra) {
    return new Ask(Samples.HEAD, kind, Optional.empty(), List.of(), false, extra).encode();
  }

  private static Map<Bytes, String> structures() {
    Map<Bytes, String> all = new LinkedHashMap<>();
    all.put(((Request) Samples.all().getFirst()).ask(), "ask");
    Bytes file = Bytes.ascii("{}");
    all.put(asking(Kind.POLICY, new Ask.Extra.PolicyFile(file, Optional.empty())), "ask");
    Optional<Bytes> replaces = Optional.of(Samples.fill(32, 8));
    all.put(asking(Kind.POLICY, new Ask.Extra.PolicyFile(file, replaces)), "ask");
    Ask.Extra retired = new Ask.Extra.Keys(List.of(Samples.fill(32, 1)), List.of(1L));
    all.put(asking(Kind.RETIRE, retired), "ask");
    all.put(Samples.claims().encode(), "claims");
    all.put(Samples.essentials().encode(), "policy");
    all.put(MessagesTest.status(Optional.empty(), Optional.empty()).encode(), "status");
    all.put(MessagesTest.fullStatus().encode(), "status");
    all.put(WireError.of(Code.FENCED, "fence 3, the row has 4").encode(), "error");
    LinkedHashMap<String, Secret> keys = new LinkedHashMap<>();
    keys.put("records", Secret.own(Samples.fill(32, 7).toArray()));
    Keyset keyset =
        new Keyset(
            List.of(
                new Keyset.Generation(1, Keyset.State.DEACTIVATED, keys),
                new Keyset.Generation(2, Keyset.State.ACTIVE, keys)));
    all.put(keyset.encode().use(Bytes::of), "keyset");
    Shares shares =
        new Shares(
            List.of(Optional.of(Secret.own(Samples.fill(32, 8).toArray())), Optional.empty()));
    all.put(shares.encode().use(Bytes::of), "shares");
    return all;
  }

  private static String digests() {
    Bytes a = Samples.fill(100, 1);
    Bytes b = Samples.fill(40, 2);
    Bytes id = Samples.fill(32, 3);
    VerifyKey key = Samples.KEY.verifyKey();
    Bytes log = Samples.all().get(16).payload();
    return digest("instance_id", Digests.instanceId(key, id, key), key.spki(), id, key.spki())
        + digest("slot_digest", Digests.slots(a), a)
        + digest("body_id", Digests.body(a, b), a, b)
        + digest("head", Digests.head(id, id), id, id)
        + digest("log", Digests.log(id, log.sha256()), id, log)
        + digest("policy", Essentials.digest(a), a)
        + digest("reportdata", Claims.reportData(a), a)
        + digest("app-reportdata", Claims.appReportData(a), a);
  }

  private static String digest(String name, Bytes output, Bytes... inputs) {
    StringBuilder text = new StringBuilder("name: " + name + "\n");
    for (Bytes input : inputs) {
      text.append("input: ").append(input).append('\n');
    }
    return text.append("output: ").append(output).append("\n\n").toString();
  }
}
