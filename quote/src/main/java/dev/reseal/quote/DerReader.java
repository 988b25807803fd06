package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/**
 * Reads DER (X.690) in order, without recursion and without copying: every length is checked
 * against what is left of its container before anything is read, and only the shortest form is
 * taken.
 */
final class DerReader {
  static final int BOOLEAN = 0x01;
  static final int INTEGER = 0x02;
  static final int BIT_STRING = 0x03;
  static final int OCTET_STRING = 0x04;
  static final int OID = 0x06;
  static final int ENUMERATED = 0x0a;
  static final int SEQUENCE = 0x30;
  static final int SET = 0x31;
  private static final int UTC_TIME = 0x17;
  private static final int GENERALIZED_TIME = 0x18;

  /** Longest integer of any field here: serial numbers and ECDSA halves stay far below. */
  private static final int MAX_INTEGER = 64;

  private final String what;
  private final byte[] data;
  private final int end;
  private int at;

  private DerReader(String what, byte[] data, int from, int end) {
    this.what = what;
    this.data = data;
    this.at = from;
    this.end = end;
  }

  /** Reads {@code der}; the array must not change meanwhile. */
  static DerReader of(String what, byte[] der) {
    return new DerReader(what, der, 0, der.length);
  }

  boolean hasMore() {
    return at < end;
  }

  int position() {
    return at;
  }

  /** The tag of the next element, or -1 at the end. */
  int peek() {
    return at < end ? data[at] & 0xff : -1;
  }

  boolean next(int tag) {
    return peek() == tag;
  }

  /** Enters the next element, which must have this tag. */
  DerReader enter(int tag) throws MalformedException {
    int start = at;
    if (peek() != tag) {
      throw malformed(start, peek() < 0 ? "the end" : "tag " + hex(peek()), "tag " + hex(tag));
    }
    at++;
    int size = length();
    if (size > end - at) {
      throw malformed(start, "a length of " + size, "at most the " + (end - at) + " bytes left");
    }
    DerReader content = new DerReader(what, data, at, at + size);
    at += size;
    return content;
  }

  /** Skips the next element, whatever it is, and returns it whole. */
  Bytes element() throws MalformedException {
    int start = at;
    skip();
    return copy(start, at);
  }

  void skip() throws MalformedException {
    if (at >= end) {
      throw malformed(at, "the end", "another element");
    }
    if ((peek() & 0x1f) == 0x1f) {
      throw malformed(at, "a tag of several bytes", "a tag of one byte");
    }
    enter(peek());
  }

  private int length() throws MalformedException {
    int start = at;
    if (at >= end) {
      throw malformed(start, "the end", "a length");
    }
    int first = data[at++] & 0xff;
    if (first < 0x80) {
      return first;
    }
    int count = first & 0x7f;
    if (count == 0 || count > 3 || count > end - at) {
      throw malformed(start, "a length in " + count + " bytes", "a definite length under 2^24");
    }
    int size = 0;
    for (int i = 0; i < count; i++) {
      size = size << 8 | (data[at++] & 0xff);
    }
    if (size < 0x80 || size >>> (8 * (count - 1)) == 0) {
      throw malformed(start, "a length in more bytes than needed", "the shortest form");
    }
    return size;
  }

  /** The rest of this element's content. */
  Bytes rest() {
    Bytes all = copy(at, end);
    at = end;
    return all;
  }

  Bytes octets(int size) throws MalformedException {
    Bytes all = enter(OCTET_STRING).rest();
    if (all.size() != size) {
      throw malformed(at, all.size() + " bytes", size + " bytes");
    }
    return all;
  }

  /** A BIT STRING whose bits fill whole bytes. */
  Bytes bits() throws MalformedException {
    DerReader content = enter(BIT_STRING);
    int start = content.at;
    if (!content.hasMore() || data[content.at++] != 0) {
      throw malformed(start, "a bit string of other form", "no unused bits");
    }
    return content.rest();
  }

  /** Key usage: bit 0 is the highest of the first byte (RFC 5280, 4.2.1.3). */
  int flagBits() throws MalformedException {
    DerReader content = enter(BIT_STRING);
    Bytes all = content.rest();
    if (all.size() < 2 || all.size() > 3 || (all.at(0) & 0xff) > 7) {
      throw malformed(at, all.size() + " bytes of flags", "one or two bytes");
    }
    return (all.at(1) & 0xff) << 8 | (all.size() == 3 ? all.at(2) & 0xff : 0);
  }

  BigInteger integer() throws MalformedException {
    return number(INTEGER);
  }

  private BigInteger number(int tag) throws MalformedException {
    int start = at;
    DerReader content = enter(tag);
    int size = content.end - content.at;
    if (size == 0 || size > MAX_INTEGER) {
      throw malformed(start, "an integer of " + size + " bytes", "1 to " + MAX_INTEGER + " bytes");
    }
    byte first = data[content.at];
    if (size > 1 && (first == 0 || first == -1) && first < 0 == data[content.at + 1] < 0) {
      throw malformed(start, "an integer with padding", "the shortest form");
    }
    return new BigInteger(data, content.at, size);
  }

  /** An INTEGER from 0 to {@code max}. */
  int small(int max) throws MalformedException {
    return small(INTEGER, max);
  }

  int enumerated(int max) throws MalformedException {
    return small(ENUMERATED, max);
  }

  private int small(int tag, int max) throws MalformedException {
    int start = at;
    BigInteger value = number(tag);
    if (value.signum() < 0 || value.compareTo(BigInteger.valueOf(max)) > 0) {
      throw malformed(start, value.toString(), "0 to " + max);
    }
    return value.intValue();
  }

  boolean bool() throws MalformedException {
    int start = at;
    DerReader content = enter(BOOLEAN);
    if (content.end - content.at != 1 || (data[content.at] != 0 && data[content.at] != -1)) {
      throw malformed(start, "a boolean of other form", "00 or ff");
    }
    return data[content.at] != 0;
  }

  /** The content of an OBJECT IDENTIFIER, compared as bytes. */
  Bytes oid() throws MalformedException {
    return enter(OID).rest();
  }

  /** UTCTime or GeneralizedTime in UTC with seconds (RFC 5280, 4.1.2.5). */
  Instant time() throws MalformedException {
    int start = at;
    int tag = peek();
    if (tag != UTC_TIME && tag != GENERALIZED_TIME) {
      throw malformed(start, "tag " + hex(tag), "a time");
    }
    DerReader content = enter(tag);
    int yearDigits = tag == UTC_TIME ? 2 : 4;
    if (content.end - content.at != yearDigits + 11 || data[content.end - 1] != 'Z') {
      throw malformed(start, "a time of other form", "YYMMDDhhmmssZ");
    }
    int year = content.digits(yearDigits);
    if (tag == UTC_TIME) {
      year += year < 50 ? 2000 : 1900;
    }
    try {
      return LocalDateTime.of(
              year,
              content.digits(2),
              content.digits(2),
              content.digits(2),
              content.digits(2),
              content.digits(2))
          .toInstant(ZoneOffset.UTC);
    } catch (DateTimeException impossible) {
      throw malformed(start, "a date that does not exist", "a date");
    }
  }

  private int digits(int count) throws MalformedException {
    int value = 0;
    for (int i = 0; i < count; i++) {
      int digit = data[at] - '0';
      if (digit < 0 || digit > 9) {
        throw malformed(at, "byte " + hex(data[at] & 0xff), "a digit");
      }
      value = value * 10 + digit;
      at++;
    }
    return value;
  }

  /** Refuses anything after what was read. */
  void end() throws MalformedException {
    if (at != end) {
      throw malformed(at, (end - at) + " more bytes", "the end");
    }
  }

  private Bytes copy(int from, int to) {
    return Bytes.wrap(java.util.Arrays.copyOfRange(data, from, to));
  }

  MalformedException malformed(int offset, String found, String expected) {
    return new MalformedException(what, offset, found, expected);
  }

  private static String hex(int value) {
    return "0x%02x".formatted(value);
  }
}
