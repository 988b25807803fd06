package dev.reseal.simulation;

import dev.reseal.authority.Anchor;
import dev.reseal.authority.Endpoint;
import dev.reseal.authority.KeyStore;
import dev.reseal.authority.PassingStore;
import dev.reseal.authority.Seams;
import dev.reseal.authority.Store;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;

/**
 * Counts what an authority writes to its register, its anchor and its key store while it answers a
 * call of an operation, and what it erases unasked, and tells before and after each. What a service
 * asks for by itself all the time, renewals and checkpoints, is not counted: the numbers of an
 * operation are its own.
 */
final class CrashStores implements Seams {
  private static final Set<String> COUNTED =
      Set.of("request", "seal-receipt", "grant-request", "ready", "key-add");

  private final CrashSeams.Reached reached;
  private final ThreadLocal<Optional<String>> call =
      ThreadLocal.withInitial(() -> Optional.of("unasked"));
  private int number;

  CrashStores(CrashSeams.Reached reached) {
    this.reached = reached;
  }

  @Override
  public Endpoint calls(Endpoint inner) {
    return new Endpoint() {
      @Override
      public Reply post(String name, Bytes body) {
        call.set(COUNTED.contains(name) ? Optional.of(word(name, body)) : Optional.empty());
        try {
          return inner.post(name, body);
        } finally {
          call.remove();
        }
      }

      @Override
      public Reply get(String path) {
        return inner.get(path);
      }
    };
  }

  /** A request is known by what it asks for. */
  private static String word(String name, Bytes body) {
    try {
      return name.equals("request")
          ? Signed.peek(Request.class, body).decodeAsk().kind().wireName()
          : name;
    } catch (WireException unreadable) {
      return name;
    }
  }

  /** The authority answers one call at a time. */
  private void around(String what, Runnable write) {
    Optional<String> now = call.get();
    if (now.isEmpty()) {
      write.run();
      return;
    }
    number++;
    tell(CrashPoint.Side.BEFORE, now.get() + " " + what);
    write.run();
    tell(CrashPoint.Side.AFTER, now.get() + " " + what);
  }

  private void tell(CrashPoint.Side side, String what) {
    try {
      reached.at(side, number, what);
    } catch (IOException unreadable) {
      throw new UncheckedIOException("the orders of a crash run", unreadable);
    }
  }

  /** {@code wrap/…}, {@code gen/…}, {@code add/…}: the rest is another in every run. */
  private static String kind(String name) {
    return name.substring(0, name.indexOf('/') < 0 ? name.length() : name.indexOf('/'));
  }

  @Override
  public Anchor anchor(Anchor inner) {
    return new Anchor() {
      @Override
      public Optional<Mark> read() {
        return inner.read();
      }

      @Override
      public void advance(Optional<Mark> from, Mark to) {
        around("anchor", () -> inner.advance(from, to));
      }
    };
  }

  @Override
  public KeyStore keys(KeyStore inner) {
    return new Keys(inner);
  }

  private final class Keys implements KeyStore {
    private final KeyStore inner;

    private Keys(KeyStore inner) {
      this.inner = inner;
    }

    @Override
    public void put(String name, Secret key) {
      around("keep " + kind(name), () -> inner.put(name, key));
    }

    @Override
    public void replace(String name, Secret key) {
      around("replace " + kind(name), () -> inner.replace(name, key));
    }

    @Override
    public Optional<Secret> get(String name) {
      return inner.get(name);
    }

    /** Where there is no such key nothing is written. */
    @Override
    public void destroy(String name) {
      if (inner.names().contains(name)) {
        around("erase " + kind(name), () -> inner.destroy(name));
      }
    }

    @Override
    public Set<String> names() {
      return inner.names();
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  @Override
  public Store register(Store inner) {
    return new PassingStore() {
      @Override
      public Store inner() {
        return inner;
      }

      @Override
      public void commit(Change change) {
        around("register", () -> inner.commit(change));
      }
    };
  }
}
