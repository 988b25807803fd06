package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A name of a certificate or CRL, compared by its attributes and their text whatever string type
 * encodes them: one root key exists under two encodings.
 */
record DistinguishedName(List<Attribute> attributes) {
  /** One attribute: content of its OID, and its text. */
  record Attribute(Bytes type, String text) {}

  private static final Bytes COMMON_NAME = Bytes.hex("550403");
  private static final int MOST = 16;
  private static final int UTF8_STRING = 0x0c;
  private static final int PRINTABLE_STRING = 0x13;
  private static final int IA5_STRING = 0x16;

  DistinguishedName {
    attributes = List.copyOf(attributes);
  }

  /** Reads a Name: every RDN with exactly one attribute. */
  static DistinguishedName read(DerReader in) throws MalformedException {
    DerReader sequence = in.enter(DerReader.SEQUENCE);
    List<Attribute> attributes = new ArrayList<>();
    while (sequence.hasMore()) {
      if (attributes.size() == MOST) {
        throw sequence.malformed(sequence.position(), "more attributes", "at most " + MOST);
      }
      DerReader set = sequence.enter(DerReader.SET);
      DerReader pair = set.enter(DerReader.SEQUENCE);
      set.end();
      Bytes type = pair.oid();
      attributes.add(new Attribute(type, text(pair)));
      pair.end();
    }
    return new DistinguishedName(attributes);
  }

  private static String text(DerReader in) throws MalformedException {
    int tag = in.peek();
    if (tag != UTF8_STRING && tag != PRINTABLE_STRING && tag != IA5_STRING) {
      throw in.malformed(in.position(), "tag " + tag, "a UTF-8, printable or IA5 string");
    }
    return new String(in.enter(tag).rest().toArray(), StandardCharsets.UTF_8);
  }

  /** The one common name; empty text if there is none or there are several. */
  String commonName() {
    List<String> names =
        attributes.stream().filter(a -> a.type().equals(COMMON_NAME)).map(Attribute::text).toList();
    return names.size() == 1 ? names.getFirst() : "";
  }

  @Override
  public String toString() {
    return "CN=" + commonName();
  }
}
