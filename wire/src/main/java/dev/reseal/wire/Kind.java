package dev.reseal.wire;

import dev.reseal.wire.WireException.Rule;
import java.util.Locale;

/** What a request asks for (protocol 6.1). */
public enum Kind implements Numbered {
  GENESIS(1),
  RESEAL(2),
  UPGRADE(3),
  MIGRATE(4),
  TAKEOVER(5),
  RECOVER(6),
  REKEY(7),
  ABORT(8),
  RETIRE(9),
  CLOSE(10),
  POLICY(11);

  private final int number;

  Kind(int number) {
    this.number = number;
  }

  @Override
  public int number() {
    return number;
  }

  /** As written in policies and in denials: {@code "takeover"}. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Kind of(long number) {
    return Numbered.of(values(), number, "kind of operation");
  }

  public static Kind named(String wireName) {
    for (Kind kind : values()) {
      if (kind.wireName().equals(wireName)) {
        return kind;
      }
    }
    throw new WireException(Rule.FIELD, "no kind of operation \"" + wireName + "\"");
  }
}
