package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Checkout;
import dev.reseal.instance.Instance;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import dev.reseal.wire.WireError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** spec/register.vec, every cell that a request can reach, against the running authority. */
class RegisterTableTest {
  @TempDir private Path home;

  private record Cell(String event, String state, String expected) {}

  @TestFactory
  List<DynamicTest> everyCell() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Cell cell : cells()) {
      tests.add(DynamicTest.dynamicTest(cell.event + " in " + cell.state, () -> check(cell)));
    }
    assertThat(tests).hasSizeGreaterThan(40);
    return tests;
  }

  private static List<Cell> cells() throws IOException {
    List<String[]> rows =
        Files.readAllLines(Checkout.file("spec/register.vec")).stream()
            .filter(line -> !line.startsWith("#") && !line.isBlank())
            .map(line -> line.split("\\s+"))
            .toList();
    String[] states = rows.getFirst();
    List<Cell> cells = new ArrayList<>();
    for (String[] row : rows.subList(1, rows.size())) {
      for (int i = 1; i < states.length; i++) {
        if (KINDS.contains(row[0])) {
          cells.add(new Cell(row[0], states[i], row[i]));
        }
      }
    }
    return cells;
  }

  private static final List<String> KINDS =
      List.of(
          "policy", "begin", "prepare", "abort", "takeover", "rekey", "retire", "close", "grant");

  private void check(Cell cell) throws IOException {
    World world = new World(Files.createTempDirectory(home, "world"));
    bring(world, cell.state);
    world.clocks.pass(2_500);
    Reply reply = send(world, cell.event);
    if (cell.expected.startsWith("-")) {
      WireError error = World.refusal(reply);
      assertThat(error.code().name()).isEqualTo(cell.expected.substring(1));
      assertThat(world.status().state()).isEqualTo(cell.state);
    } else {
      World.answer(reply);
      String next = cell.expected.equals(".") ? cell.state : cell.expected;
      assertThat(world.status().state()).isEqualTo(next);
    }
  }

  private static void bring(World world, String state) {
    Instance active = world.serving();
    switch (state) {
      case "EMPTY" -> {
        World fresh = world;
        fresh.store = new MemoryStore();
        fresh.anchor = new MemoryAnchor();
        fresh.keys = new MemoryKeys();
        fresh.restart();
        fresh.born();
      }
      case "ACTIVE" -> world.checkpoint(active);
      case "PREPARED" -> {
        world.checkpoint(active);
        world.begin(Kind.RESEAL, true);
      }
      case "SEALED" -> world.sealed(active, true);
      case "CLOSED" ->
          World.answer(world.request(world.ask(Kind.CLOSE, false, Ask.NOTHING), world.operator));
      default -> throw new AssertionError(state);
    }
  }

  private static Reply send(World world, String event) {
    return switch (event) {
      case "policy" -> world.applied(world.policy(""));
      case "begin" -> request(world, Kind.GENESIS);
      case "prepare" -> request(world, Kind.RESEAL);
      case "abort" -> request(world, Kind.ABORT);
      case "takeover" -> request(world, Kind.TAKEOVER);
      case "rekey" -> request(world, Kind.REKEY);
      case "close" -> request(world, Kind.CLOSE);
      case "retire" ->
          world.request(
              world.ask(Kind.RETIRE, false, new Ask.Extra.Keys(List.of(), List.of())),
              world.operator);
      case "grant" -> grant(world);
      default -> throw new AssertionError(event);
    };
  }

  private static Reply request(World world, Kind kind) {
    return world.request(world.ask(kind, false, Ask.NOTHING), world.operator);
  }

  /** A grant needs a challenge of the operation; where there is none, that is what is refused. */
  private static Reply grant(World world) {
    Bytes opId = world.status().operation().opId();
    Reply challenge =
        world.service.post("challenge", Cbor.array(Cbor.of(World.LINEAGE), Cbor.of(opId)).encode());
    return switch (challenge) {
      case Reply.Answer _ ->
          world.service.post("grant-request", world.attest(world.instance(), opId));
      case Reply.Refused(WireError error) -> {
        assertThat(error.code()).isEqualTo(Code.WRONG_STATE);
        yield challenge;
      }
      case Reply.Nothing _, Reply.Unknown _ -> throw new AssertionError(challenge);
    };
  }
}
