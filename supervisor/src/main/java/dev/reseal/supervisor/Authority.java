package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;

/** The authority over HTTPS (transport T5). One call is one attempt; repeating is the host's. */
public final class Authority {
  private final Https https;
  private final URI base;

  /** {@code certificate}: the PEM that the authority must present, exactly. */
  public Authority(URI base, Path certificate) throws IOException {
    this.base = base;
    this.https = new Https(base, PinnedTrust.context(certificate));
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
    return exchange("/v1/" + name, () -> https.post("/v1/" + name, body));
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
    return exchange(path, () -> https.get(path));
  }

  /** One attempt. */
  private interface Attempt {
    Https.Response make() throws IOException;
  }

  private Reply exchange(String path, Attempt attempt) {
    try {
      Https.Response response = attempt.make();
      return switch (response.status()) {
        case 200, 204 -> new Reply.Answer(response.body());
        case 409, 503, 404 -> new Reply.Refused(WireError.decode(response.body()));
        default -> new Reply.Silent(base + path + " answered with status " + response.status());
      };
    } catch (IOException unreachable) {
      return new Reply.Silent("authority " + base + ": " + unreachable);
    } catch (WireException garbled) {
      return new Reply.Silent("authority " + base + " sent " + garbled.getMessage());
    }
  }
}
