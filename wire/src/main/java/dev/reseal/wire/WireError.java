package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.Optional;

/**
 * A refusal as it travels (transport T5): code, the rule's name, public facts.
 *
 * @param number such as the wait in milliseconds, or the approvals missing
 * @param allow the policy line that would allow it
 */
public record WireError(
    Code code, String rule, String detail, Optional<Long> number, Optional<String> allow) {

  public static WireError of(Code code, String detail) {
    return new WireError(code, code.name(), detail, Optional.empty(), Optional.empty());
  }

  public static WireError of(WireException refused) {
    return new WireError(
        refused.code(),
        refused.rule().name(),
        refused.detail(),
        Optional.empty(),
        Optional.empty());
  }

  public Bytes encode() {
    return Cbor.map()
        .with(1, code.number())
        .with(2, rule)
        .with(3, detail)
        .with(4, Cbor.numberOrNull(number))
        .with(5, allow.<Cbor>map(Cbor::of).orElse(Cbor.nil()))
        .encode();
  }

  public static WireError decode(Bytes encoded) {
    Fields fields = Fields.ofMap(encoded, "error");
    return fields.end(
        new WireError(
            Code.of(fields.uint(1)),
            fields.text(2),
            fields.text(3),
            fields.uintOrNull(4),
            fields.textOrNull(5)));
  }

  /** The HTTP status: 409 is final, 503 may be retried. */
  public int httpStatus() {
    return code.isFinal() ? 409 : 503;
  }
}
