package dev.reseal.supervisor;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Call;
import dev.reseal.lifecycle.Event;
import dev.reseal.wire.Code;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.WireError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The supervisor's calls against a TLS server that answers with whatever bytes it is given. */
class AuthorityTest {
  private static final char[] PASSWORD = "of a test".toCharArray();

  @TempDir private static Path directory;

  private final Queue<byte[]> answers = new ConcurrentLinkedQueue<>();
  private final AtomicInteger connections = new AtomicInteger();
  private final Semaphore requests = new Semaphore(0);
  private final Semaphore gate = new Semaphore(1000);
  private SSLServerSocket server;

  @BeforeAll
  static void twoServersHaveKeys() throws Exception {
    for (String name : List.of("authority", "stranger")) {
      Path keys = directory.resolve(name + ".p12");
      Process keytool =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                  "-genkeypair",
                  "-alias",
                  name,
                  "-keyalg",
                  "EC",
                  "-groupname",
                  "secp256r1",
                  "-dname",
                  "CN=" + name,
                  "-keystore",
                  keys.toString(),
                  "-storepass",
                  new String(PASSWORD))
              .inheritIO()
              .start();
      assertThat(keytool.waitFor()).isZero();
      byte[] certificate = store(name).getCertificate(name).getEncoded();
      String text = Base64.getMimeEncoder().encodeToString(certificate);
      Files.writeString(
          directory.resolve(name + ".pem"),
          "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n");
    }
  }

  private static KeyStore store(String name) throws IOException, GeneralSecurityException {
    return KeyStore.getInstance(directory.resolve(name + ".p12").toFile(), PASSWORD);
  }

  @BeforeEach
  void aServerListens() throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store("authority"), PASSWORD);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(keys.getKeyManagers(), null, null);
    server =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 8, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::serve);
  }

  @AfterEach
  void itStops() throws IOException {
    server.close();
  }

  private void serve() {
    while (!server.isClosed()) {
      try {
        Socket peer = server.accept();
        connections.incrementAndGet();
        Thread.ofVirtual().start(() -> answer(peer));
      } catch (IOException _) {
        // The test is over.
      }
    }
  }

  /** One answer for each request; the connection ends when there is no further answer. */
  private void answer(Socket peer) {
    try (peer) {
      while (requested(peer.getInputStream()) && !answers.isEmpty()) {
        requests.release();
        gate.acquireUninterruptibly();
        byte[] answer = answers.remove();
        boolean last = answers.isEmpty();
        peer.getOutputStream().write(answer);
        if (last) {
          break;
        }
      }
    } catch (IOException _) {
      // The client left, or refused our certificate.
    }
  }

  private static boolean requested(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    for (int next = in.read(); next >= 0; next = in.read()) {
      head.write(next);
      String text = head.toString(US_ASCII);
      if (text.endsWith("\r\n\r\n")) {
        String size = text.replaceAll("(?s).*Content-Length: ([0-9]+).*", "$1");
        in.readNBytes(size.equals(text) ? 0 : Integer.parseInt(size));
        return true;
      }
    }
    return false;
  }

  private Authority authority(String pinned) throws IOException {
    return new Authority(
        URI.create("https://127.0.0.1:" + server.getLocalPort()),
        directory.resolve(pinned + ".pem"));
  }

  private static byte[] answer(int status, Bytes body) {
    String head = "HTTP/1.1 " + status + " so\r\nContent-Length: " + body.size() + "\r\n\r\n";
    return Bytes.concat(Bytes.ascii(head), body).toArray();
  }

  @Test
  void anAnswerIsReadByItsStatus() throws IOException {
    Bytes error = WireError.of(Code.WRONG_STATE, "not now").encode();
    answers.addAll(
        List.of(
            answer(200, Bytes.ascii("passport")), answer(204, Bytes.EMPTY), answer(409, error)));
    answers.addAll(List.of(answer(500, Bytes.ascii("oops")), answer(409, Bytes.ascii("no error"))));
    Authority authority = authority("authority");
    assertThat(authority.post("renew", Bytes.ascii("message")))
        .isEqualTo(new Authority.Reply.Answer(Bytes.ascii("passport")));
    assertThat(authority.post("renew", Bytes.EMPTY))
        .isEqualTo(new Authority.Reply.Answer(Bytes.EMPTY));
    assertThat(authority.named("shop"))
        .isEqualTo(new Authority.Reply.Refused(WireError.of(Code.WRONG_STATE, "not now")));
    assertThat(authority.named("shop")).isInstanceOf(Authority.Reply.Silent.class);
    assertThat(authority.named("shop")).isInstanceOf(Authority.Reply.Silent.class);
    assertThat(connections).as("one connection for all").hasValue(1);
  }

  @Test
  void aKeptConnectionThatHasEndedIsReplaced() throws IOException {
    Authority authority = authority("authority");
    for (int call = 1; call <= 3; call++) {
      answers.add(answer(200, Bytes.u64(call)));
      assertThat(authority.named("shop")).isEqualTo(new Authority.Reply.Answer(Bytes.u64(call)));
      assertThat(connections).hasValue(call);
    }
  }

  @Test
  void anotherCertificateThanThePinIsRefusedBeforeAByteIsSent() throws IOException {
    answers.add(answer(200, Bytes.ascii("passport")));
    assertThat(authority("stranger").post("renew", Bytes.ascii("message")))
        .isInstanceOfSatisfying(
            Authority.Reply.Silent.class,
            silent -> assertThat(silent.detail()).contains("another certificate than the pin"));
    assertThat(answers).as("what a request would have taken").hasSize(1);
  }

  static List<String> answersThatAreNone() {
    return List.of(
        "",
        "hello\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n" + "X: y\r\n".repeat(101) + "\r\n",
        "HTTP/1.1 200 OK\r\nX: " + "y".repeat(9000) + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length\r\n\r\n");
  }

  @ParameterizedTest
  @MethodSource("answersThatAreNone")
  void whatIsNoAnswerCountsAsNone(String text) throws IOException {
    answers.add(text.getBytes(US_ASCII));
    assertThat(authority("authority").named("shop")).isInstanceOf(Authority.Reply.Silent.class);
  }

  private static final Bytes OP = Bytes.zeros(16);
  private final BlockingQueue<String> obstacles = new LinkedBlockingQueue<>();

  private Bytes challenged(Conversation conversation, Bytes opId, BlockingQueue<Event> events)
      throws InterruptedException {
    conversation.challenge(opId);
    Event event = events.poll(10, TimeUnit.SECONDS);
    assertThat(event).isInstanceOf(Event.Answered.class);
    return ((Event.Answered) event).message();
  }

  private Conversation conversation(BlockingQueue<Event> events) throws IOException {
    return new Conversation(
        authority("authority"),
        OP,
        SigningKey.generate(Randomness.system()),
        events::add,
        obstacles::add,
        bug -> {
          throw new AssertionError(bug);
        });
  }

  /** One that was expected, whose answer has come, and what the server answers from then on. */
  private Conversation expected(BlockingQueue<Event> events, byte[] early, byte[]... later)
      throws Exception {
    answers.add(early);
    answers.addAll(List.of(later));
    Conversation conversation = conversation(events);
    conversation.expect(OP);
    for (int turn = 0; answers.size() > later.length && turn < 1000; turn++) {
      Thread.sleep(10);
    }
    assertThat(answers).hasSize(later.length);
    return conversation;
  }

  @Test
  void aChallengeThatWasExpectedIsUsedOnce() throws Exception {
    BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    byte[] fresh = answer(200, Bytes.ascii("fresh"));
    Conversation conversation = expected(events, answer(200, Bytes.ascii("early")), fresh);
    assertThat(challenged(conversation, OP, events)).isEqualTo(Bytes.ascii("early"));
    assertThat(challenged(conversation, OP, events)).isEqualTo(Bytes.ascii("fresh"));
  }

  @Test
  void aChallengeOfAnotherOperationOrARefusalIsNoAnswerToThis() throws Exception {
    BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    byte[] fresh = answer(200, Bytes.ascii("fresh"));
    Conversation other = expected(events, answer(200, Bytes.ascii("early")), fresh);
    assertThat(challenged(other, Bytes.hex("11".repeat(16)), events))
        .isEqualTo(Bytes.ascii("fresh"));
    byte[] refusal = answer(409, WireError.of(Code.WRONG_STATE, "not now").encode());
    Conversation refused = expected(events, refusal, fresh);
    assertThat(challenged(refused, OP, events)).isEqualTo(Bytes.ascii("fresh"));
  }

  @Test
  void theAnswerToACallThatANewerOneEndedIsDropped() throws Exception {
    BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    byte[] same = answer(200, Bytes.ascii("passport"));
    answers.addAll(List.of(same, same, same));
    Conversation conversation = conversation(events);
    gate.drainPermits();
    conversation.submit(Call.GRANT, Bytes.ascii("older"));
    assertThat(requests.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    conversation.submit(Call.GRANT, Bytes.ascii("newer"));
    assertThat(requests.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    gate.release(2);
    assertThat(events.poll(10, TimeUnit.SECONDS)).isInstanceOf(Event.Answered.class);
    assertThat(events.poll(500, TimeUnit.MILLISECONDS)).isNull();
  }

  @Test
  void whatIsAskedInVainIsAnObstacleForWhoeverFollows() throws Exception {
    Conversation conversation = conversation(new LinkedBlockingQueue<>());
    server.close();
    conversation.challenge(OP);
    assertThat(obstacles.poll(10, TimeUnit.SECONDS)).startsWith("CHALLENGE: ");
    conversation.close();
  }

  @Test
  void nobodyListensIsNoAnswer() throws IOException {
    Authority authority = authority("authority");
    server.close();
    assertThat(authority.named("shop")).isInstanceOf(Authority.Reply.Silent.class);
  }
}
