package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Checkout;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Limits;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every message that the authority reads, changed in every way that a host or a stranger can:
 * refused by name, and neither row nor log changes. The unchanged message is answered afterwards.
 */
final class MessageMutationTest {
  @TempDir private Path home;

  /** What is done to a good message. */
  enum Change {
    OTHER_LINEAGE,
    OTHER_OP,
    OTHER_EPOCH,
    OTHER_FENCE,
    WRONG_SIGNER,
    OLD_KEY,
    OTHER_TYPE,
    TRUNCATED,
    OVERSIZED,
    NOT_CANONICAL,
    FLIPPED
  }

  private interface Scene {
    GoodMessage play(World world);
  }

  /** A type of message, how it comes about, and the rules that are its own. */
  record Row(Scene scene, Map<Change, String> rules) {}

  private static final Map<MessageType, Row> ROWS = new EnumMap<>(MessageType.class);

  static {
    ROWS.put(
        MessageType.REQUEST,
        new Row(
            GoodMessage::request,
            // An op_id is the requester's own to choose: another one is another request.
            Map.of(
                Change.OTHER_EPOCH, "FENCED",
                Change.OTHER_FENCE, "FENCED",
                Change.OLD_KEY, "DENY verb=reseal")));
    ROWS.put(
        MessageType.OPEN,
        new Row(
            GoodMessage::open,
            // Only overlap opens, which is not in this version: nothing behind the signature
            // counts.
            Map.of(
                Change.OTHER_OP, "NOT_OVERLAP",
                Change.OTHER_EPOCH, "NOT_OVERLAP",
                Change.OTHER_FENCE, "NOT_OVERLAP")));
    ROWS.put(
        MessageType.SEAL_RECEIPT,
        new Row(
            GoodMessage::receipt,
            Map.of(
                Change.OTHER_OP, "OTHER_OPERATION",
                Change.OTHER_EPOCH, "OTHER_OPERATION",
                Change.OTHER_FENCE, "OTHER_OPERATION")));
    ROWS.put(
        MessageType.CHECKPOINT,
        new Row(
            GoodMessage::checkpoint,
            // Its op_id is fresh and random (6.3).
            Map.of(Change.OTHER_EPOCH, "FENCED", Change.OTHER_FENCE, "FENCED")));
    // In these two, operation and fence say which epoch is meant.
    ROWS.put(
        MessageType.GRANT_REQUEST,
        new Row(
            GoodMessage::grantRequest,
            Map.of(Change.OTHER_OP, "OTHER_OPERATION", Change.OTHER_FENCE, "OTHER_OPERATION")));
    ROWS.put(
        MessageType.READY,
        new Row(
            GoodMessage::ready,
            Map.of(Change.OTHER_OP, "OTHER_OPERATION", Change.OTHER_FENCE, "OTHER_OPERATION")));
    ROWS.put(
        MessageType.RENEW,
        new Row(
            GoodMessage::renew,
            // Its op_id is fresh and random, and the newest passport is named by digest (6.4).
            Map.of(Change.OTHER_EPOCH, "FENCED")));
  }

  private static Map<Change, String> rules(Row row) {
    Map<Change, String> rules = new EnumMap<>(Change.class);
    rules.put(Change.OTHER_LINEAGE, "UNKNOWN_LINEAGE");
    rules.put(Change.WRONG_SIGNER, "SIGNER");
    rules.put(Change.OLD_KEY, "SIGNER");
    rules.put(Change.OTHER_TYPE, "SIGNATURE");
    rules.put(Change.TRUNCATED, "TRUNCATED");
    rules.put(Change.OVERSIZED, "SIZE");
    rules.put(Change.NOT_CANONICAL, "NOT_SHORTEST");
    rules.put(Change.FLIPPED, "SIGNATURE");
    rules.putAll(row.rules());
    return rules;
  }

  @TestFactory
  List<DynamicTest> everyMutationOfEveryTypeIsRefusedByNameAndChangesNothing() {
    List<DynamicTest> tests = new ArrayList<>();
    ROWS.forEach((type, row) -> {
      for (Change change : Change.values()) {
        tests.add(
            DynamicTest.dynamicTest(
                type.wireName() + " " + change, () -> check(type, row, change)));
      }
    });
    return tests;
  }

  private void check(MessageType type, Row row, Change change) throws IOException {
    World world = new World(Files.createTempDirectory(home, "w"));
    GoodMessage message = row.scene().play(world);
    long entries = world.store.tail().seq();
    Bytes before = world.store.row(World.LINEAGE).orElseThrow().row();
    Reply reply = world.service.post(type.wireName(), changed(type, message, change));
    String expected = rules(row).get(change);
    if (expected == null) {
      assertThat(reply)
          .as(change + " says nothing to the authority")
          .isInstanceOf(Reply.Answer.class);
      return;
    }
    assertThat(refusal(reply).rule()).isEqualTo(expected);
    assertThat(world.store.tail().seq()).isEqualTo(entries);
    assertThat(world.store.row(World.LINEAGE).orElseThrow().row()).isEqualTo(before);
    Reply good = world.service.post(type.wireName(), message.cose());
    if (type == MessageType.OPEN) {
      assertThat(refusal(good).rule()).isEqualTo("NOT_OVERLAP");
    } else {
      answer(good);
    }
  }

  private static Bytes changed(MessageType type, GoodMessage message, Change change) {
    Bytes good = message.cose();
    Bytes payload = Cose.parse(good, type.most()).payload();
    Cbor.Map fields = (Cbor.Map) Cbor.decode(payload);
    String name = type.wireName();
    return switch (change) {
      case OTHER_LINEAGE -> with(type, message, 3, Cbor.of(Bytes.ascii("another lineage!")));
      case OTHER_OP -> with(type, message, 4, Cbor.of(Bytes.ascii("another operatio")));
      case OTHER_FENCE -> with(type, message, 5, Cbor.of(number(fields, 5) + 1));
      case OTHER_EPOCH -> with(type, message, 6, Cbor.of(number(fields, 6) + 1));
      case WRONG_SIGNER -> Cose.sign(name, payload, SigningKey.generate(Randomness.system()));
      case OLD_KEY -> Cose.sign(name, payload, message.old());
      case OTHER_TYPE ->
          Cose.sign(
              (type == MessageType.RENEW ? MessageType.CHECKPOINT : MessageType.RENEW).wireName(),
              payload,
              message.signer());
      case TRUNCATED -> good.slice(0, good.size() - 1);
      case OVERSIZED -> Bytes.concat(good, Bytes.zeros(type.most()));
      case NOT_CANONICAL ->
          Bytes.concat(good.slice(0, 2), Bytes.hex("590026"), good.slice(4, good.size() - 4));
      case FLIPPED -> {
        byte[] flipped = good.toArray();
        flipped[flipped.length - 1] ^= 1;
        yield Bytes.wrap(flipped);
      }
    };
  }

  private static long number(Cbor.Map fields, long key) {
    return ((Cbor.Int) Objects.requireNonNull(fields.entries().get(key))).value();
  }

  /** Signed by the right one; in a request, what it asks for says the same as its head. */
  private static Bytes with(MessageType type, GoodMessage message, long key, Cbor value) {
    Cbor.Map fields =
        (Cbor.Map) Cbor.decode(Cose.parse(message.cose(), Limits.GRANT_REQUEST).payload());
    Cbor.Map changed = replaced(fields, key, value);
    if (type == MessageType.REQUEST) {
      Bytes ask = ((Cbor.Bin) Objects.requireNonNull(fields.entries().get(10L))).value();
      // lineage, op_id, fence and epoch are fields 1 to 4 of an ask
      Bytes other = replaced((Cbor.Map) Cbor.decode(ask), key - 2, value).encode();
      changed = replaced(changed, 10, Cbor.of(other));
    }
    return Cose.sign(type.wireName(), changed.encode(), message.signer());
  }

  private static Cbor.Map replaced(Cbor.Map fields, long key, Cbor value) {
    return fields.without(key).with(key, value);
  }

  @TestFactory
  List<DynamicTest> aRepeatGivesTheSameBytesOrIsRefusedAndChangesNothing() {
    List<DynamicTest> tests = new ArrayList<>();
    ROWS.forEach((type, row) ->
        tests.add(
            DynamicTest.dynamicTest(
                type.wireName(),
                () -> {
                  World world = new World(Files.createTempDirectory(home, "w"));
                  GoodMessage message = row.scene().play(world);
                  Reply first = world.service.post(type.wireName(), message.cose());
                  long entries = world.store.tail().seq();
                  Bytes before = world.store.row(World.LINEAGE).orElseThrow().row();
                  Reply again = world.service.post(type.wireName(), message.cose());
                  if (type == MessageType.RENEW) {
                    assertThat(refusal(again).rule()).isEqualTo("STALE_PASSPORT");
                  } else {
                    assertThat(again).isEqualTo(first);
                  }
                  assertThat(world.store.tail().seq()).isEqualTo(entries);
                  assertThat(world.store.row(World.LINEAGE).orElseThrow().row()).isEqualTo(before);
                })));
    return tests;
  }

  @Test
  void everyTypeThatTheSpecificationSendsToTheAuthorityHasARow() throws IOException {
    assertThat(ROWS.keySet().stream().map(MessageType::wireName).collect(Collectors.toSet()))
        .isEqualTo(readBy("authority"));
  }

  /** Names from the table of spec/messages.md, whose third column is "signer → readers". */
  private static Set<String> readBy(String reader) throws IOException {
    Map<String, String> readers = new TreeMap<>();
    for (String line : Files.readAllLines(Checkout.file("spec/messages.md"))) {
      String[] cells = line.split("\\|", -1);
      if (cells.length > 4 && cells[1].strip().matches("\\d+") && cells[3].contains("→")) {
        readers.put(cells[2].strip().replace("`", ""), cells[3].substring(cells[3].indexOf('→')));
      }
    }
    assertThat(readers).hasSizeGreaterThan(14);
    Set<String> names = new TreeSet<>();
    readers.forEach((name, who) -> {
      if (who.contains(reader)) {
        names.add(name);
      }
    });
    return names;
  }
}
