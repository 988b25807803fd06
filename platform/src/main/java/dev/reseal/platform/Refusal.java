package dev.reseal.platform;

/** Why a platform did not do what the host asked, with its code on the host socket (T7). */
public enum Refusal {
  /** EPC pressure of any cause. */
  EPC(310),
  /** A file is missing, unreadable, or no longer what was measured. */
  IMAGE_CHANGED(311),
  /** EINIT refused: the SIGSTRUCT does not verify or signs another measurement or attributes. */
  SIGSTRUCT(312),
  /** The interpreter or a file of its library is not the one that was measured. */
  INTERPRETER_CHANGED(313),
  /** The declaration itself cannot be carried out. */
  DECLARATION(314),
  /** The instance ended before it opened its device; its log says why. */
  STILLBORN(315);

  private final int code;

  Refusal(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }
}
