package dev.reseal.instance;

/** The states of an instance (protocol 8). */
public enum State {
  BORN,
  RESTORING,
  STANDBY,
  INSTALLING,
  SERVING,
  QUIESCING,
  LOCKED,
  DEAD
}
