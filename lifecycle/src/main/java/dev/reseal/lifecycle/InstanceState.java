package dev.reseal.lifecycle;

/** The states of protocol 8, and that an instance has not said anything yet. */
public enum InstanceState {
  SILENT,
  BORN,
  RESTORING,
  STANDBY,
  INSTALLING,
  SERVING,
  QUIESCING,
  LOCKED,
  DEAD
}
