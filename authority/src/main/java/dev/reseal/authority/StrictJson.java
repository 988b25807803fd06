package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/** JSON in which every value knows its line: no duplicate keys, no fractions, bounded depth. */
final class StrictJson {
  private static final int DEPTH = 8;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH)
                  .maxStringLength(4096)
                  .maxNumberLength(19)
                  .build())
          .build();

  private StrictJson() {}

  /** A value and the line on which it begins. */
  sealed interface Node {
    int line();

    record Obj(Map<String, Node> fields, int line) implements Node {}

    record Arr(List<Node> items, int line) implements Node {}

    record Text(String value, int line) implements Node {}

    record Whole(long value, int line) implements Node {}

    record Null(int line) implements Node {}
  }

  static Node parse(Bytes content) {
    try (JsonParser parser =
        FACTORY.createParser(
            ObjectReadContext.empty(), new ByteArrayInputStream(content.toArray()))) {
      parser.nextToken();
      Node node = node(parser);
      if (parser.nextToken() != null) {
        throw new PolicyException(line(parser), "", "something follows the policy");
      }
      return node;
    } catch (JacksonException malformed) {
      int line = malformed.getLocation() == null ? 0 : malformed.getLocation().getLineNr();
      throw new PolicyException(line, "", String.valueOf(malformed.getOriginalMessage()));
    }
  }

  private static Node node(JsonParser parser) {
    int line = line(parser);
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new PolicyException(line, "", "the file is empty");
    }
    return switch (token) {
      case START_OBJECT -> {
        Map<String, Node> fields = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          fields.put(name, node(parser));
        }
        yield new Node.Obj(fields, line);
      }
      case START_ARRAY -> {
        List<Node> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(node(parser));
        }
        yield new Node.Arr(items, line);
      }
      case VALUE_STRING -> new Node.Text(text(parser.getString(), line), line);
      case VALUE_NUMBER_INT -> new Node.Whole(parser.getLongValue(), line);
      case VALUE_NULL -> new Node.Null(line);
      case VALUE_NUMBER_FLOAT -> throw new PolicyException(line, "", "a number that is no integer");
      case VALUE_TRUE, VALUE_FALSE -> throw new PolicyException(line, "", "no field is a boolean");
      case END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
          throw new PolicyException(line, "", "not JSON");
    };
  }

  /** An escape can be half of a surrogate pair, which no message can carry. */
  private static String text(String value, int line) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
      throw new PolicyException(line, "", "a text with half of a surrogate pair");
    }
    return value;
  }

  private static int line(JsonParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }
}
