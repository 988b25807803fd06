package dev.reseal.supervisor;

import dev.reseal.lifecycle.Situation;

/** Who is told about each change of situation, on the loop's thread and after the journal. */
public interface Observer {
  /** {@code failed} is empty when the phase that was left succeeded. */
  void changed(Situation from, Situation to, String failed);
}
