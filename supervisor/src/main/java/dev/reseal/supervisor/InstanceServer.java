package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.InstanceState;
import dev.reseal.wire.Code;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Fields;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireError;
import dev.reseal.wire.WireException;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The loopback server for instances (transport T4). Everything on it is signed, sealed or advice.
 */
final class InstanceServer implements AutoCloseable {
  private static final long POLL_MS = 20_000;
  private static final int EVENT_MAX = 64 * 1024;
  private static final int CHUNK = 1 << 18;
  private static final Status NO_CONTENT = Status.NO_CONTENT_204;

  private final Roster roster;
  private final Containers containers;
  private final Postbox postbox;
  private final Consumer<Event> events;
  private final WebServer server;

  InstanceServer(
      int port, Roster roster, Containers containers, Postbox postbox, Consumer<Event> events) {
    this.roster = roster;
    this.containers = containers;
    this.postbox = postbox;
    this.events = events;
    this.server = server(port, this::routes).start();
  }

  /** Half of a start is the loading of the server's classes; here without a port. */
  static void ready() {
    server(0, routes -> routes.get("/i/{handle}/advice", (_, response) -> response.send()));
  }

  private static WebServer server(int port, Consumer<HttpRouting.Builder> routes) {
    return WebServer.builder()
        .host("127.0.0.1")
        .port(port)
        .shutdownHook(false)
        .routing(routes)
        .build();
  }

  int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
  }

  private void routes(HttpRouting.Builder routes) {
    routes
        .post("/i/{handle}/born", guarded(this::born))
        .get("/i/{handle}/advice", guarded(this::advice))
        .post("/i/{handle}/event/{name}", guarded(this::event))
        .post("/i/{handle}/message/{name}", guarded(this::message))
        .put("/i/{handle}/container", guarded(this::store))
        .get("/i/{handle}/container/{body}", guarded(this::fetch));
  }

  /** One call of a known instance. */
  private interface Call {
    void answer(Link link, ServerRequest request, ServerResponse response)
        throws IOException, InterruptedException;
  }

  private io.helidon.webserver.http.Handler guarded(Call call) {
    return (request, response) -> {
      Optional<Link> link = roster.find(parameter(request, "handle"));
      if (link.isEmpty()) {
        refuse(response, WireError.of(Code.WRONG_STATE, "no such instance is known here"));
        return;
      }
      try {
        call.answer(link.get(), request, response);
      } catch (WireException malformed) {
        refuse(response, WireError.of(malformed));
      } catch (AuthorityException silent) {
        refuse(
            response,
            silent.error().orElse(WireError.of(Code.UNAVAILABLE, "the authority is silent")));
      }
    };
  }

  private void born(Link link, ServerRequest request, ServerResponse response) throws IOException {
    Fields fields = Fields.ofArray(body(request), "born");
    Bytes id = fields.bytes(0, 32);
    VerifyKey signature = new VerifyKey(fields.bytes(1, VerifyKey.SPKI_SIZE));
    Bytes kem = fields.bytes(2, 32);
    VerifyKey tls = new VerifyKey(fields.bytes(3, VerifyKey.SPKI_SIZE));
    fields.end();
    if (!Digests.instanceId(signature, kem, tls).equals(id)) {
      throw new WireException(WireException.Rule.FIELD, "instance_id is not that of these keys");
    }
    roster.born(link, id);
    events.accept(new Event.Born(link.handle()));
    response.status(NO_CONTENT).send();
  }

  private void advice(Link link, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    long after = number(request.query().first("after").orElse("0"));
    Optional<Bytes> advice = link.await(after, POLL_MS);
    if (advice.isPresent()) {
      response.send(advice.get().toArray());
    } else {
      response.status(NO_CONTENT).send();
    }
  }

  private void event(Link link, ServerRequest request, ServerResponse response) throws IOException {
    Fields fields = Fields.ofMap(body(request), "event");
    said(link, parameter(request, "name"), fields);
    response.status(NO_CONTENT).send();
  }

  private void said(Link link, String name, Fields fields) {
    String handle = link.handle();
    switch (name) {
      case "state" -> {
        InstanceState state = state(fields.text(1));
        link.enter(state);
        events.accept(new Event.Entered(handle, state));
      }
      case "serving" -> {
        int port = (int) fields.uint(1, 1, 65_535);
        link.listens(port);
        events.accept(new Event.Serving(handle, port));
      }
      case "plat-check" -> {
        boolean same = fields.list(1, 0, 2, item -> item.bool(0)).contains(true);
        events.accept(new Event.PlatformChecked(handle, same));
      }
      case "drained" -> Log.debug(handle + " drained");
      case "drain-deadline" -> events.accept(new Event.DrainDeadline(handle, fields.text(1)));
      case "restore-failed" ->
          events.accept(new Event.RestoreFailed(handle, fields.text(1), fields.text(2)));
      case "install-failed" -> events.accept(new Event.InstallFailed(handle, fields.text(1)));
      case "refused" ->
          events.accept(new Event.AdviceRefused(handle, fields.text(1), fields.text(2)));
      default -> throw new WireException(WireException.Rule.FIELD, "no event '" + name + "'");
    }
  }

  private void message(Link link, ServerRequest request, ServerResponse response)
      throws IOException {
    Optional<Bytes> answer = postbox.receive(link, parameter(request, "name"), body(request));
    if (answer.isPresent()) {
      response.send(answer.get().toArray());
    } else {
      response.status(Status.ACCEPTED_202).send();
    }
  }

  private void store(Link link, ServerRequest request, ServerResponse response) throws IOException {
    try (InputStream in = request.content().inputStream()) {
      containers.receive(link.handle(), in);
    }
    response.status(Status.CREATED_201).send();
  }

  private void fetch(Link link, ServerRequest request, ServerResponse response) throws IOException {
    Bytes body = hex(parameter(request, "body"));
    if (!containers.holds(body)) {
      refuse(response, WireError.of(Code.STALE_SEALED_STATE, "no container " + body));
      return;
    }
    try (FileChannel file = FileChannel.open(containers.path(body))) {
      long size = file.size();
      long from = tail(request, size);
      if (from > 0) {
        response.status(Status.PARTIAL_CONTENT_206);
        response.header(HeaderNames.CONTENT_RANGE, "bytes " + from + "-" + (size - 1) + "/" + size);
      }
      response.contentLength(size - from);
      file.position(from);
      try (OutputStream out = response.outputStream()) {
        byte[] chunk = new byte[CHUNK];
        ByteBuffer buffer = ByteBuffer.wrap(chunk);
        while (file.read(buffer.clear()) > 0) {
          out.write(chunk, 0, buffer.position());
        }
      }
    }
  }

  /**
   * Where to begin: 0, or what {@code Range: bytes=-N} leaves out; other ranges are not offered.
   */
  private static long tail(ServerRequest request, long size) {
    String range = request.headers().first(HeaderNames.RANGE).orElse("");
    if (!range.matches("bytes=-[1-9][0-9]{0,8}")) {
      return 0;
    }
    return Math.max(0, size - Long.parseLong(range.substring("bytes=-".length())));
  }

  private static void refuse(ServerResponse response, WireError error) {
    response.status(error.httpStatus()).send(error.encode().toArray());
  }

  private static String parameter(ServerRequest request, String name) {
    return request.path().pathParameters().get(name);
  }

  private static Bytes body(ServerRequest request) throws IOException {
    if (!request.content().hasEntity()) {
      return Bytes.EMPTY;
    }
    try (InputStream in = request.content().inputStream()) {
      byte[] body = in.readNBytes(3 * EVENT_MAX);
      if (in.read() >= 0) {
        throw new WireException(WireException.Rule.SIZE, "a body of more than " + body.length);
      }
      return Bytes.wrap(body);
    }
  }

  private static InstanceState state(String name) {
    try {
      return InstanceState.valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException unknown) {
      throw new WireException(WireException.Rule.FIELD, "no state '" + name + "'");
    }
  }

  private static long number(String text) {
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException garbled) {
      throw new WireException(WireException.Rule.FIELD, "'" + text + "' is not a number");
    }
  }

  private static Bytes hex(String text) {
    try {
      return Bytes.hex(text);
    } catch (IllegalArgumentException garbled) {
      throw new WireException(WireException.Rule.FIELD, "not the hex of a body_id");
    }
  }
}
