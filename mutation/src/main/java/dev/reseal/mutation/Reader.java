package dev.reseal.mutation;

import dev.reseal.bytes.Bytes;

/** Who reads a message, in the state in which it would take it. */
public interface Reader {
  /** What it makes of these bytes. */
  Verdict read(Bytes message);

  /** All that it holds, to compare: see {@link Whole}. */
  String whole();

  /** What a reader says. */
  sealed interface Verdict {
    record Taken() implements Verdict {}

    record Refused(String rule) implements Verdict {}
  }
}
