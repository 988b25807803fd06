package dev.reseal.urts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.reseal.urts.UrtsLibrary.Created;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the binding refuses, and its calling convention against a small C library with the exports
 * of the runtime. With the runtime itself: PlatformConformanceTest under {@code RESEAL_URTS_LIB}.
 */
class UrtsLibraryTest {
  /** Answers by file name, and checks that every argument arrives where C expects it. */
  private static final String STAND_IN =
      """
      #include <stdint.h>
      #include <string.h>
      static uint64_t next = 0x8000000000000002ULL, alive;
      uint32_t sgx_create_enclave(const char *file, int debug, uint8_t *token, int *updated,
                                  uint64_t *id, void *misc) {
        if (debug != 0 && debug != 1) return 2;
        memset(token, 0x5a, 1024);
        *updated = 0;
        memset(misc, 0x5a, 24);
        if (strstr(file, "missing")) return 0x200f;
        if (strstr(file, "full")) return 3;
        if (strstr(file, "odd")) return 0xf0001234u;
        if (strstr(file, "production") && debug) return 0x2004;
        *id = alive = next++;
        return 0;
      }
      uint32_t sgx_destroy_enclave(uint64_t id) {
        if (id == 0 || id != alive) return 0x2002;
        alive = 0;
        return 0;
      }
      """;

  @TempDir private Path folder;

  private Path built(String name, String source) throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/cc")), "skipped: no C compiler /usr/bin/cc");
    Path library = folder.resolve(name);
    Path code = Files.writeString(folder.resolve(name + ".c"), source);
    Process compile =
        new ProcessBuilder(
                "/usr/bin/cc", "-shared", "-fPIC", "-o", library.toString(), code.toString())
            .inheritIO()
            .start();
    assertThat(compile.waitFor()).isZero();
    return library;
  }

  private static void refused(Path library, String words) {
    assertThatThrownBy(() -> UrtsLibrary.load(library))
        .isInstanceOf(UrtsException.class)
        .hasMessageContaining(library.toString())
        .hasMessageContaining(words);
  }

  @Test
  void aLibraryThatIsNotThereOrNoLibraryIsRefused() throws IOException {
    refused(folder.resolve("libsgx_urts.so"), "no such file");
    refused(folder, "no such file");
    Path text = Files.writeString(folder.resolve("libsgx_text.so"), "not a library");
    refused(text, "the dynamic loader refuses it");
  }

  @Test
  void aLibraryWithoutTheCallsIsNoUrts() throws Exception {
    refused(built("libempty.so", "int nothing;\n"), "exports no sgx_create_enclave");
    refused(
        built("libhalf.so", "unsigned sgx_create_enclave(void) { return 0; }\n"),
        "exports no sgx_destroy_enclave");
  }

  @Test
  void argumentsAndResultsPassAsCHasThem() throws Exception {
    UrtsLibrary urts = UrtsLibrary.load(built("libsgx_urts_stand_in.so", STAND_IN));
    assertThat(urts.isSimulation()).isFalse();
    assertThat(urts.create(Path.of("ok.so"), true))
        .isEqualTo(new Created.Enclave(0x8000000000000002L));
    assertThat(urts.destroy(0x8000000000000002L).isSuccess()).isTrue();
    assertThat(urts.destroy(0x8000000000000002L).name()).isEqualTo("INVALID_ENCLAVE_ID");
    failed(urts.create(Path.of("missing.so"), false), "ENCLAVE_FILE_ACCESS", false);
    failed(urts.create(Path.of("full.so"), false), "OUT_OF_MEMORY", true);
    failed(urts.create(Path.of("production.so"), true), "NDEBUG_ENCLAVE", false);
    failed(urts.create(Path.of("odd.so"), false), "code 0xf0001234", false);
    assertThat(urts.create(Path.of("production.so"), false)).isInstanceOf(Created.Enclave.class);
  }

  private static void failed(Created result, String name, boolean epcSuspect) {
    assertThat(result)
        .isInstanceOfSatisfying(
            Created.Failed.class,
            failed -> {
              assertThat(failed.status().name()).isEqualTo(name);
              assertThat(failed.status().isEpcSuspect()).isEqualTo(epcSuspect);
            });
  }

  @Test
  void theSimulationLibraryIsToldByItsName() throws Exception {
    assertThat(UrtsLibrary.load(built("libsgx_urts_sim.so", STAND_IN)).isSimulation()).isTrue();
  }

  @Test
  void whatAnOperatorCanDoIsSaidWhereThereIsSomething() {
    assertThat(new UrtsStatus(0x2006).next()).contains("/dev/sgx_enclave");
    assertThat(new UrtsStatus(0x4004).next()).contains("group sgx");
    assertThat(new UrtsStatus(0x0001).next()).isEmpty();
  }
}
