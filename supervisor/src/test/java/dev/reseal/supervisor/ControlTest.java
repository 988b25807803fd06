package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.lifecycle.Phase;
import dev.reseal.supervisor.ControlClient.Result;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Frames;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(20)
class ControlTest {
  private static final SigningKey OPERATOR = SigningKey.generate(Randomness.system());
  private static final SigningKey STRANGER = SigningKey.generate(Randomness.system());
  private static final Bytes LINEAGE = Bytes.hex("000102030405060708090a0b0c0d0e0f");
  private static final Bytes OP = Bytes.hex("ff0102030405060708090a0b0c0d0e0f");

  @TempDir Path dir;
  private final List<Event> events = new CopyOnWriteArrayList<>();
  private final Followers followers = new Followers();
  private final Stopwatch stopwatch = new Stopwatch("test", followers);

  @SuppressWarnings("NullAway.Init")
  private ControlServer server;

  @BeforeEach
  void start() throws IOException {
    server =
        new ControlServer(
            dir.resolve("control.sock"),
            LINEAGE,
            List.of(OPERATOR.verifyKey()),
            followers,
            this::happen,
            () -> new LocalStatus("IDLE", "IDLE", "", 4711, 0, List.of()).encode(),
            (opId, outcome) -> Summary.of(outcome, stopwatch.times(opId), Optional.empty()));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  /** Stands where the loop stands: one phase, then an end. */
  private void happen(Event event) {
    events.add(event);
    if (event instanceof Event.Asked asked) {
      followers.phase(Phase.PERMIT, "done", 1_500);
      followers.waits("EPC: none");
      followers.ended(asked.opId(), new Outcome.Aborted(new Cause("X", "because", "then")));
    }
  }

  private static Bytes request(Kind kind, Bytes lineage, SigningKey key) {
    Ask ask =
        new Ask(new Head(lineage, OP, 3, 2), kind, Optional.empty(), List.of(), false, Ask.NOTHING);
    return Signed.sign(Request.of(ask, List.of()), key).cose();
  }

  private ControlClient client() throws IOException {
    return ControlClient.connect(dir.resolve("control.sock"));
  }

  @Test
  void anOperationStreamsItsPhasesAndEndsWithASummary() throws IOException {
    List<String> phases = new ArrayList<>();
    try (ControlClient client = client()) {
      Result result =
          client.operate(
              request(Kind.RESEAL, LINEAGE, OPERATOR),
              new ControlClient.Watcher() {
                @Override
                public void phase(String phase, String edge, long micros) {
                  phases.add(phase + " " + edge + " " + micros);
                }

                @Override
                public void waits(String obstacle) {
                  phases.add("waits " + obstacle);
                }
              });
      assertThat(result)
          .isInstanceOfSatisfying(
              Result.Ended.class,
              ended -> {
                assertThat(ended.summary().exitCode()).isEqualTo(10);
                assertThat(ended.summary().detail()).isEqualTo("because");
              });
    }
    assertThat(phases).containsExactly("PERMIT done 1500", "waits EPC: none");
    assertThat(events)
        .singleElement()
        .isInstanceOfSatisfying(
            Event.Asked.class,
            asked -> {
              assertThat(asked.kind()).isEqualTo(Kind.RESEAL);
              assertThat(asked.opId()).isEqualTo(OP);
            });
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"RETIRE", "POLICY"},
      mode = EnumSource.Mode.EXCLUDE)
  void whatNoOperatorSignedIsDeniedBeforeAnythingElse(Kind kind) throws IOException {
    try (ControlClient client = client()) {
      Result result = client.operate(request(kind, LINEAGE, STRANGER), (_, _, _) -> {});
      assertThat(result)
          .isInstanceOfSatisfying(
              Result.Refused.class,
              refused -> assertThat(refused.rule()).isEqualTo("DENY verb=" + kind.wireName()));
    }
    assertThat(events).isEmpty();
  }

  @Test
  void aDamagedRequestIsDenied() throws IOException {
    byte[] bytes = request(Kind.RESEAL, LINEAGE, OPERATOR).toArray();
    for (int at = 0; at < bytes.length; at++) {
      bytes[at] ^= 1;
      try (ControlClient client = client()) {
        assertThat(client.operate(Bytes.of(bytes), (_, _, _) -> {}))
            .isInstanceOf(Result.Refused.class);
      }
      bytes[at] ^= 1;
    }
    assertThat(events).isEmpty();
  }

  @Test
  void aRequestForAnotherLineageIsRefused() throws IOException {
    try (ControlClient client = client()) {
      Result result =
          client.operate(request(Kind.RESEAL, Bytes.zeros(16), OPERATOR), (_, _, _) -> {});
      assertThat(result).isInstanceOf(Result.Refused.class);
    }
    assertThat(events).isEmpty();
  }

  @Test
  void statusNeedsNoSignature() throws IOException {
    assertStatus();
  }

  private void assertStatus() throws IOException {
    try (ControlClient client = client()) {
      assertThat(client.status().publicPort()).isEqualTo(4711);
      assertThat(client.status().situation()).isEqualTo("IDLE");
    }
  }

  @Test
  void garbageDisconnectsOnlyItsSender() throws IOException {
    try (SocketChannel raw = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      raw.connect(UnixDomainSocketAddress.of(dir.resolve("control.sock")));
      raw.write(ByteBuffer.wrap(new byte[] {0x7f, 0, 0, 0}));
      assertThat(raw.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
    assertStatus();
  }

  @Test
  void whatASupervisorThatEndsMidwayWouldHaveSaidIsUnknown() throws Exception {
    Path socket = dir.resolve("ends.sock");
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(socket));
      Thread ends =
          Thread.ofVirtual()
              .start(() -> {
                try (SocketChannel asked = listening.accept()) {
                  assertThat(Frames.read(Channels.newInputStream(asked))).isPresent();
                } catch (IOException broken) {
                  throw new UncheckedIOException(broken);
                }
              });
      try (ControlClient client = ControlClient.connect(socket)) {
        assertThat(client.operate(request(Kind.RESEAL, LINEAGE, OPERATOR), (_, _, _) -> {}))
            .isInstanceOf(Result.Unknown.class);
      }
      ends.join();
    }
  }

  @Test
  void whereNobodyListensIsAnException() {
    assertThatThrownBy(() -> ControlClient.connect(dir.resolve("nobody.sock")))
        .isInstanceOf(IOException.class);
  }
}
