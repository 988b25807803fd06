package dev.reseal.urts;

import java.util.Map;

/**
 * A {@code sgx_status_t} (sgx_error.h): any 32 bits, since newer runtimes have newer codes.
 *
 * @param code as the runtime returned it, unsigned
 */
public record UrtsStatus(long code) {
  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(0x0000, "SUCCESS"),
          Map.entry(0x0001, "UNEXPECTED"),
          Map.entry(0x0002, "INVALID_PARAMETER"),
          Map.entry(0x0003, "OUT_OF_MEMORY"),
          Map.entry(0x0004, "ENCLAVE_LOST"),
          Map.entry(0x0005, "INVALID_STATE"),
          Map.entry(0x0008, "FEATURE_NOT_SUPPORTED"),
          Map.entry(0x000a, "MEMORY_MAP_FAILURE"),
          Map.entry(0x1003, "OUT_OF_TCS"),
          Map.entry(0x1006, "ENCLAVE_CRASHED"),
          Map.entry(0x2000, "UNDEFINED_SYMBOL"),
          Map.entry(0x2001, "INVALID_ENCLAVE"),
          Map.entry(0x2002, "INVALID_ENCLAVE_ID"),
          Map.entry(0x2003, "INVALID_SIGNATURE"),
          Map.entry(0x2004, "NDEBUG_ENCLAVE"),
          Map.entry(0x2005, "OUT_OF_EPC"),
          Map.entry(0x2006, "NO_DEVICE"),
          Map.entry(0x2007, "MEMORY_MAP_CONFLICT"),
          Map.entry(0x2009, "INVALID_METADATA"),
          Map.entry(0x200c, "DEVICE_BUSY"),
          Map.entry(0x200d, "INVALID_VERSION"),
          Map.entry(0x200e, "MODE_INCOMPATIBLE"),
          Map.entry(0x200f, "ENCLAVE_FILE_ACCESS"),
          Map.entry(0x2010, "INVALID_MISC"),
          Map.entry(0x2011, "INVALID_LAUNCH_TOKEN"),
          Map.entry(0x4001, "SERVICE_UNAVAILABLE"),
          Map.entry(0x4004, "SERVICE_INVALID_PRIVILEGE"));

  private static final Map<Integer, String> NEXT =
      Map.of(
          0x0003, "EPC may be exhausted: destroy another enclave, or wait",
          0x000a, "EPC or address space may be exhausted: destroy another enclave, or wait",
          0x2005, "EPC is exhausted: destroy another enclave, or wait",
          0x2006, "this machine shows no SGX device; is /dev/sgx_enclave there?",
          0x2003, "sign the enclave again; its SIGSTRUCT does not verify",
          0x2001, "this file is no enclave of the Intel SDK, or was changed",
          0x200e, "library and enclave are not of one mode (hardware, simulation)",
          0x200f, "the enclave file cannot be read",
          0x4004, "the user may not open the device: join the group sgx or sgx_prv");

  /** A name of {@code sgx_error.h}, or the number. */
  public String name() {
    String name = code <= 0xffff ? NAMES.get((int) code) : null;
    return name != null ? name : "code 0x%04x".formatted(code);
  }

  /** What an operator can do; empty if there is nothing to say. */
  public String next() {
    String next = code <= 0xffff ? NEXT.get((int) code) : null;
    return next != null ? next : "";
  }

  public boolean isSuccess() {
    return code == 0;
  }

  /** The runtime does not tell EPC pressure from other lack of memory. */
  public boolean isEpcSuspect() {
    return code == 0x0003 || code == 0x000a || code == 0x2005;
  }
}
