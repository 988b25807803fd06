package dev.reseal.emulator;

/** The error numbers that the SGX driver answers with. */
public enum Errno {
  EPERM(1),
  EIO(5),
  EAGAIN(11),
  ENOMEM(12),
  EACCES(13),
  EFAULT(14),
  EBUSY(16),
  EEXIST(17),
  EINVAL(22),
  ERESTARTSYS(512);

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
