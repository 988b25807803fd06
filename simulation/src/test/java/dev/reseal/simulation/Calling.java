package dev.reseal.simulation;

import dev.reseal.authority.Endpoint;
import dev.reseal.bytes.Bytes;

/** Passes every call on. */
class Calling implements Endpoint {
  private final Endpoint inner;

  Calling(Endpoint inner) {
    this.inner = inner;
  }

  @Override
  public Reply post(String name, Bytes body) {
    return inner.post(name, body);
  }

  @Override
  public Reply get(String path) {
    return inner.get(path);
  }
}
