package dev.reseal.cli;

import dev.reseal.sgx.SealFinding;

/** The words for one input of a sealing key. */
final class WhyWords {
  private WhyWords() {}

  static Facts of(SealFinding finding) {
    return switch (finding) {
      case SealFinding.Same same -> new Facts().put("state", "same").put("value", same.value());
      case SealFinding.Unbound unbound ->
          new Facts().put("state", "not in the key").put("because", unbound.why());
      case SealFinding.Differs differs ->
          new Facts()
              .put("state", "DIFFERS")
              .put("sealed", differs.sealed())
              .put("opening", differs.opening())
              .put("remedy", differs.remedy());
      case SealFinding.Refused refused ->
          new Facts()
              .put("state", "REFUSED by the processor: " + refused.error())
              .put("asked", refused.asked())
              .put("own", refused.own())
              .put("remedy", refused.remedy());
      case SealFinding.Unknown unknown ->
          new Facts()
              .put("state", "not known")
              .put("opening", unknown.opening())
              .put("opens_if", unknown.needed());
    };
  }
}
