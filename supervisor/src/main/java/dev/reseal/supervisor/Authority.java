package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;

/** The authority over HTTPS (transport T5). One call is one attempt; repeating is the host's. */
public final class Authority {
  private static final int ANSWER_MAX = 1 << 20;
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(30);

  private final HttpClient client;
  private final URI base;

  /** {@code certificate}: the PEM that the authority must present, exactly. */
  public Authority(URI base, Path certificate) throws IOException {
    this.base = base;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .sslContext(PinnedTrust.context(certificate))
            .build();
  }

  /** What one call came to. */
  public sealed interface Reply {
    record Answer(Bytes body) implements Reply {}

    record Refused(WireError error) implements Reply {}

    /** No answer, or one that makes no sense: the call may or may not have happened. */
    record Silent(String detail) implements Reply {}

    /** The answer to a call that is expected to succeed, else {@link AuthorityException}. */
    default Bytes orThrow() {
      return switch (this) {
        case Answer(Bytes body) -> body;
        case Refused(WireError error) -> throw new AuthorityException(error);
        case Silent(String detail) -> throw new AuthorityException(detail);
      };
    }
  }

  public Reply request(Bytes message) {
    return post(MessageType.REQUEST.wireName(), message);
  }

  public Reply post(String name, Bytes body) {
    return exchange(
        builder("/v1/" + name).POST(BodyPublishers.ofByteArray(body.toArray())).build());
  }

  public Reply challenge(Bytes lineage, Bytes opId) {
    return post("challenge", Cbor.array(Cbor.of(lineage), Cbor.of(opId)).encode());
  }

  public Reply fetch(String what, Bytes lineage, Bytes opId) {
    return get("/v1/" + what + "/" + lineage.toHex() + "/" + opId.toHex());
  }

  public Reply statusBytes(Bytes lineage) {
    return get("/v1/status/" + lineage.toHex());
  }

  /** The status map of the lineage that has this name. */
  public Reply named(String name) {
    return get("/v1/named/" + name);
  }

  /** Throws {@link AuthorityException} without an answer. */
  public Status status(Bytes lineage) {
    return Status.decode(statusBytes(lineage).orThrow());
  }

  private Reply get(String path) {
    return exchange(builder(path).GET().build());
  }

  private HttpRequest.Builder builder(String path) {
    return HttpRequest.newBuilder(base.resolve(path)).timeout(ANSWER);
  }

  private Reply exchange(HttpRequest request) {
    try {
      HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
      try (InputStream in = response.body()) {
        Bytes body = Bytes.wrap(in.readNBytes(ANSWER_MAX));
        return switch (response.statusCode()) {
          case 200, 204 -> new Reply.Answer(body);
          case 409, 503, 404 -> new Reply.Refused(WireError.decode(body));
          default ->
              new Reply.Silent(request.uri() + " answered with status " + response.statusCode());
        };
      }
    } catch (IOException unreachable) {
      return new Reply.Silent("authority " + base + ": " + unreachable);
    } catch (WireException garbled) {
      return new Reply.Silent("authority " + base + " sent " + garbled.getMessage());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return new Reply.Silent("interrupted");
    }
  }
}
