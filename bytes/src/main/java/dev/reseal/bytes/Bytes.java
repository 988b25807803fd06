package dev.reseal.bytes;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A public byte string as a value: immutable, compared by content, shown in hex. Never holds secret
 * bytes; those live in {@link Secret}.
 */
public final class Bytes implements Comparable<Bytes> {
  public static final Bytes EMPTY = new Bytes(new byte[0]);
  private static final HexFormat HEX = HexFormat.of();

  private final byte[] content;

  private Bytes(byte[] content) {
    this.content = content;
  }

  /** Copies {@code content}. */
  public static Bytes of(byte[] content) {
    return new Bytes(content.clone());
  }

  /** Takes over {@code content}, which the caller must not touch again. */
  public static Bytes wrap(byte[] content) {
    return new Bytes(content);
  }

  /** The bytes of a hex string; throws {@link IllegalArgumentException} on anything else. */
  public static Bytes hex(String hex) {
    return new Bytes(HEX.parseHex(hex));
  }

  public static Bytes ascii(String text) {
    return new Bytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  public static Bytes zeros(int size) {
    return new Bytes(new byte[size]);
  }

  public static Bytes concat(Bytes... parts) {
    int size = 0;
    for (Bytes part : parts) {
      size = Math.addExact(size, part.size());
    }
    byte[] all = new byte[size];
    int at = 0;
    for (Bytes part : parts) {
      System.arraycopy(part.content, 0, all, at, part.size());
      at += part.size();
    }
    return new Bytes(all);
  }

  /** Big-endian u16, as everywhere in the protocol. */
  public static Bytes u16(int value) {
    return new Bytes(new byte[] {(byte) (value >>> 8), (byte) value});
  }

  public static Bytes u32(long value) {
    return new Bytes(ByteBuffer.allocate(4).putInt((int) value).array());
  }

  public static Bytes u64(long value) {
    return new Bytes(ByteBuffer.allocate(8).putLong(value).array());
  }

  public int size() {
    return content.length;
  }

  public byte at(int index) {
    return content[index];
  }

  public Bytes slice(int offset, int size) {
    if (offset < 0 || size < 0 || offset > content.length - size) {
      throw new IndexOutOfBoundsException(
          "slice of " + size + " at " + offset + " of " + content.length + " bytes");
    }
    return new Bytes(Arrays.copyOfRange(content, offset, offset + size));
  }

  /** A copy of the content. */
  public byte[] toArray() {
    return content.clone();
  }

  /** A read-only view of the content. */
  public ByteBuffer buffer() {
    return ByteBuffer.wrap(content).asReadOnlyBuffer();
  }

  public boolean allZero() {
    for (byte b : content) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  public Bytes sha256() {
    MessageDigest digest = newSha256();
    return new Bytes(digest.digest(content));
  }

  /** SHA-256 over the parts in order. */
  public static Bytes sha256(Bytes... parts) {
    MessageDigest digest = newSha256();
    for (Bytes part : parts) {
      digest.update(part.content);
    }
    return new Bytes(digest.digest());
  }

  public static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException("this JDK has no SHA-256", missing);
    }
  }

  public String toHex() {
    return HEX.formatHex(content);
  }

  /** Compares as unsigned bytes, shorter first on a common prefix. */
  @Override
  public int compareTo(Bytes other) {
    return Arrays.compareUnsigned(content, other.content);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes that && Arrays.equals(content, that.content);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(content);
  }

  @Override
  public String toString() {
    return toHex();
  }
}
