package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A good DER document that a test changes at one place: lengths are written anew. An OCTET STRING
 * or BIT STRING is a container where its content is read as DER.
 */
final class DerTree {
  static final int SEQUENCE = 0x30;
  static final int OCTET_STRING = 0x04;
  private static final int CONSTRUCTED = 0x20;
  private static final int BIT_STRING = 0x03;

  int tag;
  Bytes content = Bytes.EMPTY;
  final List<DerTree> children = new ArrayList<>();

  private DerTree(int tag) {
    this.tag = tag;
  }

  static DerTree leaf(int tag, Bytes content) {
    DerTree leaf = new DerTree(tag);
    leaf.content = content;
    return leaf;
  }

  /** The OID 1.2.3.{@code last}. */
  static DerTree oid(int last) {
    return leaf(0x06, Bytes.concat(Bytes.hex("2a03"), Bytes.wrap(new byte[] {(byte) last})));
  }

  static DerTree sequence(DerTree... children) {
    DerTree sequence = new DerTree(SEQUENCE);
    sequence.children.addAll(List.of(children));
    return sequence;
  }

  static DerTree of(Bytes der) {
    return all(der).getFirst();
  }

  private static List<DerTree> all(Bytes der) {
    List<DerTree> all = new ArrayList<>();
    int at = 0;
    while (at < der.size()) {
      int first = der.at(at + 1) & 0xff;
      int more = first < 0x80 ? 0 : first & 0x7f;
      int size = more == 0 ? first : 0;
      for (int i = 0; i < more; i++) {
        size = size << 8 | (der.at(at + 2 + i) & 0xff);
      }
      DerTree one = leaf(der.at(at) & 0xff, der.slice(at + 2 + more, size));
      if ((one.tag & CONSTRUCTED) != 0) {
        one.children.addAll(all(one.content));
      }
      all.add(one);
      at += 2 + more + size;
    }
    return all;
  }

  /** Reads the content of this string as DER, so that it can be changed too. */
  void open() {
    children.addAll(all(tag == BIT_STRING ? content.slice(1, content.size() - 1) : content));
  }

  Bytes encode() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (!children.isEmpty() && tag == BIT_STRING) {
      out.write(0);
    }
    children.forEach(child -> out.writeBytes(child.encode().toArray()));
    Bytes inside = children.isEmpty() ? content : Bytes.wrap(out.toByteArray());
    int size = inside.size();
    String length =
        size < 0x80
            ? "%02x".formatted(size)
            : size < 0x100 ? "81%02x".formatted(size) : "82%04x".formatted(size);
    return Bytes.concat(Bytes.hex("%02x".formatted(tag) + length), inside);
  }

  /** Everything that may have children, this first. */
  List<DerTree> containers() {
    List<DerTree> all = new ArrayList<>();
    if ((tag & CONSTRUCTED) != 0 || !children.isEmpty()) {
      all.add(this);
    }
    children.forEach(child -> all.addAll(child.containers()));
    return all;
  }

  /** The first element below this one, in order of the bytes, that {@code wanted} accepts. */
  Optional<DerTree> find(Predicate<DerTree> wanted) {
    for (DerTree child : children) {
      Optional<DerTree> found = wanted.test(child) ? Optional.of(child) : child.find(wanted);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** The extension whose OID has this content. */
  DerTree extension(String oid) {
    return find(e ->
            e.tag == SEQUENCE
                && !e.children.isEmpty()
                && e.children.getFirst().tag == 0x06
                && e.children.getFirst().content.equals(Bytes.hex(oid))
                && e.children.getLast().tag == OCTET_STRING)
        .orElseThrow();
  }
}
