package dev.reseal.attack;

/** How one try of an attack ended. */
public sealed interface Ending {
  /** The attacker got what the attack is about. */
  record Won(String what) implements Ending {}

  /** Somebody refused; {@code rule} is the name that the refusal itself carried. */
  record Refused(String rule, String detail) implements Ending {}

  /** Nobody had to refuse: it was carried out and changed nothing that matters. */
  record Harmless(String what) implements Ending {}
}
