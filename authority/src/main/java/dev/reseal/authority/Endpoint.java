package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.WireError;

/** What the authority answers, whoever carries it (transport T5). */
public interface Endpoint {
  /** {@code POST /v1/name}. */
  Reply post(String name, Bytes body);

  /** {@code GET /v1/path}. */
  Reply get(String path);

  /** One answer. */
  sealed interface Reply {
    record Answer(Bytes body) implements Reply {}

    record Nothing() implements Reply {}

    record Refused(WireError error) implements Reply {}

    /** No such call. */
    record Unknown() implements Reply {}
  }
}
