package dev.reseal.supervisor;

import dev.reseal.lifecycle.Effect;

/**
 * Who carries out orders. Slow ones end in an event later; carrying one out twice must do no harm.
 */
public interface Effects {
  void perform(Effect effect);
}
