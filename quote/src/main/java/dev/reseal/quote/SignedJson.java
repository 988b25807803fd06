package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;

/**
 * The envelope of signed collateral, {@code {"NAME":{...},"signature":"128 hex digits"}}: the
 * object as delivered and the signature over exactly its bytes. It is parsed from those bytes,
 * once.
 *
 * @param message the bytes of the inner object
 * @param signature r then s
 */
record SignedJson(Json.Obj value, Bytes message, Bytes signature) {
  static final int MAX_SIZE = 1 << 20;

  /** Reads an envelope whose object has one of {@code names}. */
  static SignedJson parse(List<String> names, Bytes file) throws MalformedException {
    String name = names.getFirst();
    if (file.size() > MAX_SIZE) {
      throw new MalformedException(name, MAX_SIZE, file.size() + " bytes", "at most " + MAX_SIZE);
    }
    Json.Obj envelope = Json.parse(name, file);
    if (envelope.members().size() != 2) {
      throw new MalformedException(
          name, 0, "members " + envelope.members().keySet(), name + " and signature");
    }
    Json.Obj inner = envelope.object(names.stream().filter(envelope::has).findFirst().orElse(name));
    return new SignedJson(
        inner,
        file.slice(inner.from(), inner.to() - inner.from()),
        envelope.hex("signature", P256.SIGNATURE_SIZE));
  }

  static Instant instant(Json.Obj in, String name) throws MalformedException {
    String text = in.text(name);
    try {
      if (text.endsWith("Z")) {
        return Instant.parse(text);
      }
    } catch (DateTimeParseException other) {
      throw new MalformedException("JSON member " + name, in.from(), text, "an ISO 8601 instant");
    }
    throw new MalformedException("JSON member " + name, in.from(), text, "an instant in UTC");
  }
}
