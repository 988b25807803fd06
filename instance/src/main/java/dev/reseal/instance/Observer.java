package dev.reseal.instance;

/**
 * Told of every step of an instance's machine as it happens: what was obeyed in full, with the
 * state that it led to, and what a row of {@code spec/instance.vec} refused. What was refused
 * before the machine was asked, or by a check beside it, is no step.
 */
public interface Observer {
  void stepped(State from, Input input, Machine.Step step);
}
