package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Rewrites the vectors of this module with a fresh key; their expected values are then to be taken
 * from an independent calculation. Run by hand only.
 */
final class VectorWriter {
  private VectorWriter() {}

  static void write(Path folder) throws IOException, MalformedException {
    Files.createDirectories(folder);
    Files.write(folder.resolve("enclave.so"), SampleEnclaves.intel(3).toArray());
    Files.write(folder.resolve("open-enclave.so"), OpenEnclaveTest.file(1));
    Bytes sgxs = SampleEnclaves.sgxs();
    Files.write(folder.resolve("enclave.sgxs"), sgxs.toArray());
    try (Content file = Content.of(sgxs)) {
      Bytes mrEnclave = SgxsStream.measure(file, MeasureLimits.DEFAULT).measured().mrEnclave();
      SigStruct signed =
          SigStruct.sign(SigStruct.Body.of(mrEnclave, 9, 1, 0x20261124), Samples.SIGNER);
      Files.write(folder.resolve("enclave.sig"), signed.encode().toArray());
    }
  }
}
