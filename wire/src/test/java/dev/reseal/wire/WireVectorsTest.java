package dev.reseal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.VectorCases.Case;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The vectors of spec/vectors that belong to this module. */
final class WireVectorsTest {
  static List<Case> cbor() throws IOException {
    return VectorCases.read("cbor.vec", Set.of("profile", "bytes", "expect"));
  }

  @ParameterizedTest
  @MethodSource("cbor")
  void cborIsReadInItsOneForm(Case each) {
    Cbor.Profile profile = Cbor.Profile.valueOf(each.one("profile").toUpperCase(Locale.ROOT));
    Bytes input = Bytes.hex(each.one("bytes"));
    assertThat(outcome(() -> Cbor.decode(input, profile).encode(profile), input))
        .isEqualTo(each.one("expect"));
  }

  static List<Case> hpke() throws IOException {
    return VectorCases.read(
        "hpke.vec",
        Set.of(
            "title",
            "recipient",
            "ephemeral",
            "info",
            "plaintext",
            "enc",
            "ct",
            "key",
            "nonce",
            "purpose",
            "lineage",
            "op",
            "fence",
            "to",
            "context"));
  }

  @ParameterizedTest
  @MethodSource("hpke")
  void hpkeGivesThePublishedNumbersAndOurs(Case each) {
    Bytes info = Bytes.hex(each.one("info"));
    X25519.Pair recipient = pair(each.one("recipient"));
    X25519.Pair ephemeral = pair(each.one("ephemeral"));
    assertThat(ephemeral.publicKey().toHex()).isEqualTo(each.one("enc"));
    if (each.has("key")) {
      Secret dh = X25519.agree(recipient.secret(), ephemeral.publicKey());
      Secret shared = Hpke.kem(dh, ephemeral.publicKey(), recipient.publicKey());
      Hpke.Schedule schedule = Hpke.Schedule.of(shared, info);
      assertThat(schedule.key().use(Bytes::of).toHex()).isEqualTo(each.one("key"));
      assertThat(schedule.nonce().use(Bytes::of).toHex()).isEqualTo(each.one("nonce"));
      return;
    }
    Secret plaintext = Secret.own(Bytes.hex(each.one("plaintext")).toArray());
    Hpke.Box box =
        Hpke.seal(
            recipient.publicKey(),
            info,
            plaintext,
            target -> ephemeral.secret().with(s -> System.arraycopy(s, 0, target, 0, 32)));
    assertThat(box.ct().toHex()).isEqualTo(each.one("ct"));
    assertThat(Hpke.open(recipient, info, box).matches(plaintext)).isTrue();
    assertThat(purpose(each)).isEqualTo(info);
  }

  private static Bytes purpose(Case each) {
    HpkeInfo info =
        new HpkeInfo(
            Bytes.hex(each.one("lineage")),
            Bytes.hex(each.one("op")),
            Long.parseLong(each.one("fence")));
    Bytes to = Bytes.hex(each.one("to"));
    Bytes context = Bytes.hex(each.one("context"));
    int half = context.size() / 2;
    Bytes first = context.slice(0, half);
    Bytes second = context.slice(half, half);
    return switch (each.one("purpose")) {
      case "share" -> info.share(to, first, second);
      case "grant" -> info.grant(to, first, second);
      case "open" -> info.open(to, first, second);
      case "keyset" -> info.keyset(to, number(first), number(second));
      case "rekey" -> info.rekey(to, number(first), number(second));
      default -> throw new AssertionError("unknown purpose " + each.one("purpose"));
    };
  }

  private static long number(Bytes eight) {
    return eight.buffer().getLong();
  }

  private static X25519.Pair pair(String hex) {
    return X25519.Pair.of(Secret.own(Bytes.hex(hex).toArray()));
  }

  static List<Case> cose() throws IOException {
    return VectorCases.read("cose.vec", Set.of("type", "spki", "message", "payload", "expect"));
  }

  @ParameterizedTest
  @MethodSource("cose")
  void coseIsAcceptedInItsOneFormOnly(Case each) {
    VerifyKey key = new VerifyKey(Bytes.hex(each.one("spki")));
    Bytes message = Bytes.hex(each.one("message"));
    String found;
    try {
      Bytes payload = Cose.verify(each.one("type"), message, Limits.MESSAGE, key);
      assertThat(payload.toHex()).isEqualTo(each.one("payload"));
      found = "ok";
    } catch (WireException refused) {
      found = coarse(refused.rule());
    }
    assertThat(found).isEqualTo(each.one("expect"));
  }

  static List<Case> messages() throws IOException {
    return VectorCases.read("messages.vec", Set.of("type", "payload", "expect"));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void messagesAreReadStrictlyAndWrittenAgainAsTheyWere(Case each) {
    Bytes payload = Bytes.hex(each.one("payload"));
    String found;
    try {
      found = again(each.one("type"), payload).equals(payload) ? "ok" : "another encoding";
    } catch (WireException refused) {
      found = coarse(refused.rule());
    }
    assertThat(found).isEqualTo(each.one("expect"));
  }

  private static Bytes again(String type, Bytes payload) {
    return switch (type) {
      case "ask" -> Ask.decode(payload).encode();
      case "claims" -> Claims.decode(payload).encode();
      case "policy" -> Essentials.decode(payload).encode();
      case "status" -> Status.decode(payload).encode();
      case "error" -> WireError.decode(payload).encode();
      case "keyset" -> Keyset.decode(Secret.own(payload.toArray())).encode().use(Bytes::of);
      case "shares" -> Shares.decode(Secret.own(payload.toArray())).encode().use(Bytes::of);
      default -> Message.decode(MessageType.named(type), payload).payload();
    };
  }

  static List<Case> digests() throws IOException {
    return VectorCases.read("digests.vec", Set.of("name", "input", "output"));
  }

  @ParameterizedTest
  @MethodSource("digests")
  void digestsAreThoseOfTheProtocol(Case each) {
    List<Bytes> in = each.all("input").stream().map(Bytes::hex).toList();
    AtomicInteger next = new AtomicInteger();
    Bytes found = digest(each.one("name"), () -> in.get(next.getAndIncrement()));
    assertThat(found.toHex()).isEqualTo(each.one("output"));
    assertThat(next).hasValue(in.size());
  }

  private static Bytes digest(String name, java.util.function.Supplier<Bytes> in) {
    return switch (name) {
      case "instance_id" ->
          Digests.instanceId(new VerifyKey(in.get()), in.get(), new VerifyKey(in.get()));
      case "slot_digest" -> Digests.slots(in.get());
      case "body_id" -> Digests.body(in.get(), in.get());
      case "head" -> Digests.head(in.get(), in.get());
      case "log" -> Digests.log(in.get(), in.get().sha256());
      case "policy" -> Essentials.digest(in.get());
      case "reportdata" -> Claims.reportData(in.get());
      case "app-reportdata" -> Claims.appReportData(in.get());
      default -> throw new AssertionError("unknown digest " + name);
    };
  }

  private static String outcome(java.util.function.Supplier<Bytes> again, Bytes input) {
    try {
      return again.get().equals(input) ? "ok" : "another encoding";
    } catch (WireException refused) {
      return refused.rule().name();
    }
  }

  private static String coarse(WireException.Rule rule) {
    return switch (rule) {
      case SIGNER, SIGNATURE -> rule.name();
      case TRUNCATED,
          TRAILING,
          NOT_SHORTEST,
          INDEFINITE,
          KEY_ORDER,
          KEY_TYPE,
          TYPE,
          RANGE,
          UTF8,
          DEPTH,
          SIZE,
          FIELD,
          KEY,
          HPKE ->
          "FORM";
    };
  }

  /** Every rule that the reader has is in the vectors. */
  @org.junit.jupiter.api.Test
  void everyRefusalOfTheCborReaderHasAVector() throws IOException {
    List<String> expected = new ArrayList<>();
    cbor().forEach(each -> expected.add(each.one("expect")));
    assertThat(expected)
        .contains(
            "ok",
            "TRUNCATED",
            "TRAILING",
            "NOT_SHORTEST",
            "INDEFINITE",
            "KEY_ORDER",
            "KEY_TYPE",
            "TYPE",
            "RANGE",
            "UTF8",
            "DEPTH");
  }
}
