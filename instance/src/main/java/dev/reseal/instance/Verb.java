package dev.reseal.instance;

import dev.reseal.wire.WireException;
import java.util.Locale;

/** The advice verbs of transport T4 that carry a message for the instance. */
public enum Verb {
  CHALLENGE,
  PLAT_CHECK,
  GRANT,
  ACTIVATION,
  FINISH,
  ABORT,
  REKEY_GRANT,
  CHECKPOINT_ACK,
  PASSPORT,
  RENEW,
  RETIRED;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public static Verb named(String wireName) {
    for (Verb verb : values()) {
      if (verb.wireName().equals(wireName)) {
        return verb;
      }
    }
    throw new WireException(WireException.Rule.FIELD, "no advice \"" + wireName + "\"");
  }
}
