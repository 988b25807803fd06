package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;

/** Reads the tokens of one document. */
final class JsonReading {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Json.MAX_DEPTH)
                  .maxNumberLength(20)
                  .maxStringLength(1 << 20)
                  .maxNameLength(200)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  private final String what;
  private final JsonParser parser;

  private JsonReading(String what, JsonParser parser) {
    this.what = what;
    this.parser = parser;
  }

  static Json.Obj parse(String what, Bytes bytes) throws MalformedException {
    byte[] utf8 = bytes.toArray();
    requireUtf8(what, utf8);
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), utf8)) {
      JsonReading reading = new JsonReading(what, parser);
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new MalformedException(what, 0, "no object", "a JSON object");
      }
      Json.Obj value = reading.object();
      if (parser.nextToken() != null) {
        throw reading.malformed("more after the object", "the end");
      }
      return value;
    } catch (StreamReadException | StreamConstraintsException bad) {
      long at = bad.getLocation() == null ? 0 : bad.getLocation().getByteOffset();
      throw new MalformedException(what, Math.max(at, 0), bad.getOriginalMessage(), "strict JSON");
    } catch (JacksonIOException cut) {
      throw new MalformedException(what, utf8.length, "the end", "the rest of the JSON");
    }
  }

  /** The parser would take zero bytes for UTF-16 or UTF-32, whose offsets are not of bytes. */
  private static void requireUtf8(String what, byte[] bytes) throws MalformedException {
    for (byte each : bytes) {
      if (each == 0) {
        throw new MalformedException(what, 0, "a zero byte", "JSON in UTF-8");
      }
    }
    if (bytes.length > 0 && bytes[0] < 0) {
      throw new MalformedException(what, 0, "no ASCII, perhaps a byte order mark", "a JSON object");
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
    } catch (CharacterCodingException bad) {
      throw new MalformedException(what, 0, "bytes that are not UTF-8", "JSON in UTF-8");
    }
  }

  private Json.Obj object() throws MalformedException {
    int from = (int) parser.currentTokenLocation().getByteOffset();
    Map<String, Json> members = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      members.put(name, value());
    }
    return new Json.Obj(members, from, (int) parser.currentLocation().getByteOffset());
  }

  private Json value() throws MalformedException {
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> object();
      case START_ARRAY -> array();
      case VALUE_STRING -> new Json.Text(parser.getString());
      case VALUE_NUMBER_INT -> integer();
      case VALUE_TRUE -> new Json.Bool(true);
      case VALUE_FALSE -> new Json.Bool(false);
      case VALUE_NULL -> new Json.Null();
      case VALUE_NUMBER_FLOAT -> throw malformed("a fraction or exponent", "an integer");
      case END_OBJECT, END_ARRAY, PROPERTY_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
          throw malformed("token " + token, "a value");
    };
  }

  private Json integer() throws MalformedException {
    return switch (parser.getNumberType()) {
      case INT, LONG -> new Json.Int(parser.getLongValue());
      case BIG_INTEGER, FLOAT, DOUBLE, BIG_DECIMAL ->
          throw malformed("a number beyond 64 bits", "an integer of 64 bits");
    };
  }

  private Json array() throws MalformedException {
    List<Json> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(value());
    }
    return new Json.Arr(items);
  }

  private MalformedException malformed(String found, String expected) {
    return new MalformedException(
        what, Math.max(parser.currentLocation().getByteOffset(), 0), found, expected);
  }
}
