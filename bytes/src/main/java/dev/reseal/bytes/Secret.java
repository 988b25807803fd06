package dev.reseal.bytes;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Secret bytes with an owner: read only through {@link #use} and {@link #with}, erased on close,
 * without text, equality or serial form. Every reader is therefore found by searching for these two
 * names. Use after close is a bug and throws {@link IllegalStateException}.
 */
public final class Secret implements AutoCloseable {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] content;
  private boolean closed;

  private Secret(byte[] content) {
    this.content = content;
  }

  /** Takes over {@code content}: the caller must not keep or erase it. */
  public static Secret own(byte[] content) {
    return new Secret(content);
  }

  public static Secret random(int size) {
    byte[] content = new byte[size];
    RANDOM.nextBytes(content);
    return new Secret(content);
  }

  public int size() {
    return content.length;
  }

  /** Lends the bytes to {@code reader}, which must neither keep nor change them. */
  public synchronized <T> T use(Function<byte[], T> reader) {
    if (closed) {
      throw new IllegalStateException("secret used after it was erased");
    }
    return reader.apply(content);
  }

  public void with(Consumer<byte[]> reader) {
    use(bytes -> {
      reader.accept(bytes);
      return Boolean.TRUE;
    });
  }

  /** Compares in constant time. */
  public boolean matches(Secret other) {
    return use(mine -> other.use(theirs -> MessageDigest.isEqual(mine, theirs)));
  }

  public Secret copy() {
    return use(bytes -> new Secret(bytes.clone()));
  }

  @Override
  public synchronized void close() {
    Arrays.fill(content, (byte) 0);
    closed = true;
  }

  @Override
  public String toString() {
    return "Secret[" + content.length + " bytes]";
  }
}
