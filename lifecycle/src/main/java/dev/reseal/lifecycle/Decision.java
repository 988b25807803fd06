package dev.reseal.lifecycle;

import java.util.List;

/**
 * What follows from an event: the new situation and the orders, in order. The host notes the new
 * situation durably before the first order that is {@link Effect#outward}.
 *
 * @param failed why the phase that was left did not succeed; empty when it did
 */
public record Decision(Situation next, String failed, List<Effect> effects) {
  public Decision {
    effects = List.copyOf(effects);
  }

  static Decision to(Situation next, Effect... effects) {
    return new Decision(next, "", List.of(effects));
  }

  static Decision to(Run run, Effect... effects) {
    return new Decision(new Situation.Running(run), "", List.of(effects));
  }

  static Decision failing(String cause, Situation next, Effect... effects) {
    return new Decision(next, cause, List.of(effects));
  }
}
