package dev.reseal.emulator;

/** The status words of the untrusted runtime that the emulator can answer with (sgx_error.h). */
public enum SgxStatus {
  SUCCESS(0x0000),
  UNEXPECTED(0x0001),
  INVALID_PARAMETER(0x0002),
  OUT_OF_MEMORY(0x0003),
  ENCLAVE_LOST(0x0004),
  FEATURE_NOT_SUPPORTED(0x0008),
  MEMORY_MAP_FAILURE(0x000a),
  INVALID_FUNCTION(0x1001),
  OUT_OF_TCS(0x1003),
  ENCLAVE_CRASHED(0x1006),
  INVALID_ENCLAVE(0x2001),
  INVALID_ENCLAVE_ID(0x2002),
  MEMORY_MAP_CONFLICT(0x2007),
  DEVICE_BUSY(0x200c),
  SERVICE_INVALID_PRIVILEGE(0x4004);

  private final int code;

  SgxStatus(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  /**
   * What a failed driver call shows as, through Intel's loader and runtime
   * (sgx_enclave_common.cpp): EPC exhaustion as OUT_OF_MEMORY, a refused EINIT as UNEXPECTED.
   */
  static SgxStatus of(Errno errno) {
    return switch (errno) {
      case ENOMEM -> OUT_OF_MEMORY;
      case EINVAL -> INVALID_PARAMETER;
      case EEXIST -> MEMORY_MAP_CONFLICT;
      case EACCES -> SERVICE_INVALID_PRIVILEGE;
      case EPERM, EIO, EAGAIN, EFAULT, EBUSY, ERESTARTSYS -> UNEXPECTED;
    };
  }

  /** Whether EPC pressure may be behind it; the runtime does not tell. */
  public boolean isEpcSuspect() {
    return this == OUT_OF_MEMORY || this == MEMORY_MAP_FAILURE;
  }
}
