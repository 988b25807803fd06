package dev.reseal.authority;

import dev.reseal.authority.StrictJson.Node;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The fields of one JSON object, each read once by its type; {@link #end} refuses the rest. */
final class JsonFields {
  private final String path;
  private final Node.Obj object;
  private final Set<String> seen = new HashSet<>();

  private JsonFields(String path, Node.Obj object) {
    this.path = path;
    this.object = object;
  }

  static JsonFields of(Node node, String path) {
    if (node instanceof Node.Obj object) {
      return new JsonFields(path, object);
    }
    throw new PolicyException(node.line(), path, "must be an object");
  }

  /** Reads each field of the object as {@code name -> value}; for maps with free keys. */
  static Map<String, Node> entries(Node node, String path) {
    if (node instanceof Node.Obj(var fields, _)) {
      return fields;
    }
    throw new PolicyException(node.line(), path, "must be an object");
  }

  int line() {
    return object.line();
  }

  Optional<Node> node(String name) {
    seen.add(name);
    return Optional.ofNullable(object.fields().get(name));
  }

  private Node required(String name) {
    return node(name)
        .orElseThrow(() -> new PolicyException(object.line(), name(name), "is missing"));
  }

  String text(String name) {
    Node node = required(name);
    if (node instanceof Node.Text(String value, _)) {
      return value;
    }
    throw new PolicyException(node.line(), name(name), "must be a text");
  }

  String oneOf(String name, List<String> words) {
    String word = text(name);
    if (!words.contains(word)) {
      throw refuse(name, "'" + word + "' is none of " + words);
    }
    return word;
  }

  long number(String name, long least, long most) {
    return number(required(name), name, least, most);
  }

  long number(String name, long least, long most, long otherwise) {
    return node(name).map(node -> number(node, name, least, most)).orElse(otherwise);
  }

  private long number(Node node, String name, long least, long most) {
    if (!(node instanceof Node.Whole(long value, _))) {
      throw new PolicyException(node.line(), name(name), "must be an integer");
    }
    if (value < least || value > most) {
      throw new PolicyException(
          node.line(), name(name), value + " is not between " + least + " and " + most);
    }
    return value;
  }

  /** A number, or null; the field itself is required. */
  Optional<Long> numberOrNull(String name, long least, long most) {
    Node node = required(name);
    return node instanceof Node.Null
        ? Optional.empty()
        : Optional.of(number(node, name, least, most));
  }

  Bytes hex(String name, int size) {
    return hex(required(name), name, size);
  }

  Optional<Bytes> hexIfPresent(String name, int size) {
    return node(name).map(node -> hex(node, name, size));
  }

  private Bytes hex(Node node, String name, int size) {
    if (node instanceof Node.Text(String value, _) && value.matches("[0-9a-f]{" + 2 * size + "}")) {
      return Bytes.hex(value);
    }
    throw new PolicyException(
        node.line(), name(name), "must be " + size + " bytes in lower-case hex");
  }

  <T> List<T> list(String name, int most, Function<Item, T> each) {
    Optional<Node> node = node(name);
    if (node.isEmpty()) {
      return List.of();
    }
    if (!(node.get() instanceof Node.Arr(var items, int line))) {
      throw new PolicyException(node.get().line(), name(name), "must be an array");
    }
    if (items.size() > most) {
      throw new PolicyException(line, name(name), items.size() + " items, more than " + most);
    }
    return items.stream().map(item -> each.apply(new Item(item, name(name)))).toList();
  }

  /** One item of an array. */
  record Item(Node node, String path) {
    JsonFields object() {
      return of(node, path);
    }

    String text() {
      if (node instanceof Node.Text(String value, _)) {
        return value;
      }
      throw new PolicyException(node.line(), path, "must be a text");
    }

    Bytes hex(int size) {
      String value = text();
      if (!value.matches("[0-9a-f]{" + 2 * size + "}")) {
        throw new PolicyException(
            node.line(), path, "must be " + size + " bytes in lower-case hex");
      }
      return Bytes.hex(value);
    }

    VerifyKey key() {
      try {
        return new VerifyKey(hex(VerifyKey.SPKI_SIZE));
      } catch (WireException refused) {
        throw new PolicyException(node.line(), path, refused.detail());
      }
    }
  }

  VerifyKey key(String name) {
    return new Item(required(name), name(name)).key();
  }

  PolicyException refuse(String name, String detail) {
    int line = Optional.ofNullable(object.fields().get(name)).map(Node::line).orElse(object.line());
    return new PolicyException(line, name(name), detail);
  }

  /** Refuses fields that nobody asked for. */
  void end() {
    object
        .fields()
        .forEach((name, node) -> {
          if (!seen.contains(name)) {
            throw new PolicyException(node.line(), name(name), "is not a field of a policy");
          }
        });
  }

  private String name(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
