package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.mutation.Good;
import dev.reseal.mutation.Reader;
import dev.reseal.mutation.Scene;
import dev.reseal.mutation.Table;
import dev.reseal.mutation.Trial;
import dev.reseal.mutation.Whole;
import dev.reseal.supervisor.ControlClient.Result;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Frames;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.SigningKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every verb of the control socket (transport T6) under every credential. */
@Timeout(20)
@SuppressWarnings("NullAway.Init")
class ControlMatrixTest {
  private static final SigningKey OPERATOR = SigningKey.generate(Randomness.system());
  private static final SigningKey SECOND = SigningKey.generate(Randomness.system());
  private static final SigningKey SUPERVISOR = SigningKey.generate(Randomness.system());
  private static final SigningKey STRANGER = SigningKey.generate(Randomness.system());
  private static final Bytes LINEAGE = Bytes.hex("000102030405060708090a0b0c0d0e0f");
  private static final Bytes OTHER = Bytes.hex("0f0e0d0c0b0a09080706050403020100");
  private static final String PASSED = "passed on";

  @TempDir private Path dir;
  private final List<Event> events = new CopyOnWriteArrayList<>();
  private final Followers followers = new Followers();
  private final Stopwatch stopwatch = new Stopwatch("test", followers);
  private ControlServer server;

  private enum Credential {
    EMPTY,
    UNSIGNED,
    STRANGER,
    /** It may ask the authority for some of these; nobody asks a supervisor in its own name. */
    SUPERVISOR,
    FORGED,
    APPROVAL,
    OTHER_LINEAGE,
    OPERATOR,
    SECOND_OPERATOR
  }

  @BeforeEach
  void start() throws IOException {
    server =
        new ControlServer(
            dir.resolve("control.sock"),
            LINEAGE,
            List.of(OPERATOR.verifyKey(), SECOND.verifyKey()),
            followers,
            this::happen,
            () -> new LocalStatus("IDLE", "IDLE", "", 4711, 0, List.of()).encode(),
            (opId, outcome) -> Summary.of(outcome, stopwatch.times(opId), Optional.empty()));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private void happen(Event event) {
    events.add(event);
    Outcome ended = new Outcome.Aborted(new Cause("X", "because", "then"));
    switch (event) {
      case Event.Asked asked -> followers.ended(asked.opId(), ended);
      case Event.ResumeAsked(Bytes token) -> followers.ended(token, ended);
      default -> throw new AssertionError(event);
    }
  }

  private static Ask ask(Kind kind, Bytes lineage) {
    Ask.Extra extra =
        switch (kind) {
          case POLICY -> new Ask.Extra.PolicyFile(Bytes.ascii("{}"), Optional.empty());
          case RETIRE -> new Ask.Extra.Keys(List.of(Bytes.zeros(32)), List.of(1L));
          case GENESIS, RESEAL, UPGRADE, MIGRATE, TAKEOVER, RECOVER, REKEY, ABORT, CLOSE ->
              Ask.NOTHING;
        };
    Head head = new Head(lineage, Randomness.system().bytes(16), 3, 2);
    return new Ask(head, kind, Optional.empty(), List.of(), false, extra);
  }

  private static Bytes message(Kind kind, Credential credential) {
    Bytes payload = Request.of(ask(kind, LINEAGE), List.of()).payload();
    return switch (credential) {
      case EMPTY -> Bytes.EMPTY;
      case UNSIGNED -> payload;
      case STRANGER -> Cose.sign("request", payload, STRANGER);
      case SUPERVISOR -> Cose.sign("request", payload, SUPERVISOR);
      case FORGED -> {
        byte[] forged = Cose.sign("request", payload, OPERATOR).toArray();
        forged[forged.length - 1] ^= 1;
        yield Bytes.wrap(forged);
      }
      case APPROVAL -> Cose.sign(Request.APPROVAL, payload, OPERATOR);
      case OTHER_LINEAGE ->
          Cose.sign("request", Request.of(ask(kind, OTHER), List.of()).payload(), OPERATOR);
      case OPERATOR -> Cose.sign("request", payload, OPERATOR);
      case SECOND_OPERATOR -> Cose.sign("request", payload, SECOND);
    };
  }

  private static String expected(Kind kind, Credential credential) {
    return switch (credential) {
      case EMPTY, UNSIGNED -> "DENY verb=unreadable";
      case STRANGER, SUPERVISOR, FORGED, APPROVAL -> "DENY verb=" + kind.wireName();
      case OTHER_LINEAGE -> "LINEAGE_MISMATCH";
      case OPERATOR, SECOND_OPERATOR -> PASSED;
    };
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void operateUnderEveryCredential(Kind kind) throws IOException {
    for (Credential credential : Credential.values()) {
      events.clear();
      try (ControlClient client = ControlClient.connect(dir.resolve("control.sock"))) {
        String found =
            switch (client.operate(message(kind, credential), (_, _, _) -> {})) {
              case Result.Ended _ -> PASSED;
              case Result.Refused refused -> refused.rule();
              case Result.Unknown unknown -> unknown.detail();
            };
        assertThat(found).as(kind + " " + credential).isEqualTo(expected(kind, credential));
      }
      if (found(kind, credential)) {
        assertThat(events)
            .singleElement()
            .isInstanceOfSatisfying(
                Event.Asked.class, asked -> assertThat(asked.kind()).isEqualTo(kind));
      } else {
        assertThat(events).as(kind + " " + credential).isEmpty();
      }
    }
  }

  private static boolean found(Kind kind, Credential credential) {
    return expected(kind, credential).equals(PASSED);
  }

  /** A replay is passed on and is the authority's to refuse: only it knows the fence. */
  @ParameterizedTest
  @EnumSource(Kind.class)
  void aReplayIsPassedOnAsItIs(Kind kind) throws IOException {
    Bytes message = message(kind, Credential.OPERATOR);
    for (int i = 0; i < 2; i++) {
      try (ControlClient client = ControlClient.connect(dir.resolve("control.sock"))) {
        client.operate(message, (_, _, _) -> {});
      }
    }
    assertThat(events)
        .hasSize(2)
        .allSatisfy(each -> assertThat(((Event.Asked) each).request()).isEqualTo(message));
  }

  /** Refused by name or passed on, and whoever runs operations hears of nothing else. */
  private record Passing(ControlMatrixTest test) implements Reader {
    @Override
    public Verdict read(Bytes message) {
      try (ControlClient client = ControlClient.connect(test.dir.resolve("control.sock"))) {
        return switch (client.operate(message, (_, _, _) -> {})) {
          case Result.Ended _ -> new Verdict.Taken();
          case Result.Refused(String rule, _) -> new Verdict.Refused(rule.split(" ")[0]);
          case Result.Unknown(String detail) -> throw new IllegalStateException(detail);
        };
      } catch (IOException gone) {
        throw new UncheckedIOException(gone);
      }
    }

    @Override
    public String whole() {
      return Whole.of(test.events);
    }
  }

  private Scene asked() {
    Bytes cose = message(Kind.RESEAL, Credential.OPERATOR);
    Good good = new Good(MessageType.REQUEST, cose, OPERATOR, STRANGER, 1);
    return new Scene(new Passing(this), good, this::asked);
  }

  /** spec/mutations.vec: the one message that a supervisor judges, wrong in every way. */
  @TestFactory
  Stream<DynamicTest> everyCell() throws IOException {
    Map<String, Scene.Set> scenes = Map.of(MessageType.REQUEST.wireName(), this::asked);
    return Trial.all(Table.read().of("supervisor"), scenes).stream()
        .map(trial -> DynamicTest.dynamicTest(trial.name(), trial::run));
  }

  /** The verbs without a signature: nothing that could be signed is among them. */
  @ParameterizedTest
  @CsvSource({
    "status, 0, 0",
    "resume, 0, 1",
    "rotate, 1, 0",
    "operated, 1, 0",
    "STATUS, 1, 0",
    "'', 1, 0"
  })
  void whatNeedsNoSignature(String verb, long code, int happened) throws IOException {
    try (SocketChannel raw = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      raw.connect(UnixDomainSocketAddress.of(dir.resolve("control.sock")));
      Frames.write(Channels.newOutputStream(raw), Cbor.array(Cbor.of(verb)));
      Fields answer =
          Fields.ofArray(Frames.read(Channels.newInputStream(raw)).orElseThrow(), "answer");
      assertThat(answer.uint(0)).isEqualTo(code);
      if (code != 0) {
        assertThat(answer.text(1)).isEqualTo("VERB");
      }
    }
    assertThat(events).hasSize(happened);
  }
}
