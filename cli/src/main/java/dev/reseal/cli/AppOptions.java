package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.EmulatedPlatform;
import dev.reseal.emulator.ImageBuilder;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.SigStruct;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.interfaces.RSAPrivateCrtKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** An application and how it becomes an image. */
final class AppOptions {
  @Option(
      names = "--with",
      paramLabel = "PACKAGE",
      description = "A package of the interpreter's environment that the image contains.")
  private List<String> packages = new ArrayList<>();

  @Option(
      names = "--heap-pages",
      defaultValue = "8192",
      description = "EPC pages of 4 KiB for the heap (default: ${DEFAULT-VALUE}).")
  private int heapPages;

  @Option(names = "--isvprodid", defaultValue = "1", description = "Product id of the image.")
  private int isvProdId;

  @Option(names = "--isvsvn", defaultValue = "1", description = "Security version of the image.")
  private int isvSvn;

  @Parameters(
      arity = "2",
      paramLabel = "-- PYTHON APP",
      description = "The interpreter and the application's main file.")
  private List<String> command = new ArrayList<>();

  /** An image with its measurement, not yet signed. */
  record Measured(Image image, Bytes mrenclave) {
    /** The policy line that allows it. */
    String allowedLine() {
      return "{\"mrenclave\": \""
          + mrenclave
          + "\", \"isvprodid\": "
          + image.isvProdId()
          + ", \"least_isvsvn\": "
          + image.isvSvn()
          + "}";
    }
  }

  Measured measure(HomeOption home) throws IOException {
    Path sdk = Path.of(System.getProperty("reseal.root", "."), "python", "reseal");
    ImageBuilder builder =
        new ImageBuilder(command.get(0), Path.of(command.get(1)), sdk)
            .value("RESEAL_AUTHORITY_SPKI", home.authoritySpki())
            .heapPages(heapPages)
            .product(isvProdId, isvSvn);
    packages.forEach(builder::with);
    Image image = builder.build();
    return switch (new EmulatedPlatform(home.platform()).measure(image)) {
      case Platform.Measured.Measurement(Bytes mrenclave) -> new Measured(image, mrenclave);
      case Platform.Measured.Refused(var rule, String detail) ->
          throw new Refused(rule.name(), detail, "");
    };
  }

  /**
   * Signs the measurement with the host's signer and keeps declaration and signature. One that was
   * kept serves again: clients wait for a supervisor that comes back.
   */
  static Bytes sign(Measured measured, HomeOption home, Path lineage) throws IOException {
    SigStruct.Body body =
        SigStruct.Body.of(
            measured.mrenclave(),
            measured.image().isvProdId(),
            measured.image().isvSvn(),
            0x20260101);
    RSAPrivateCrtKey signer = KeyFile.readOrMakeSigner(home.signer());
    Path kept = lineage.resolve("image.sigstruct");
    Bytes sigstruct =
        read(kept)
            .filter(found -> found.isOf(body, signer))
            .orElseGet(() -> SigStruct.sign(body, signer))
            .encode();
    Files.write(lineage.resolve("image.cbor"), measured.image().encode().toArray());
    Files.write(kept, sigstruct.toArray());
    return sigstruct;
  }

  /** Nothing too where a crash left half of one. */
  private static Optional<SigStruct> read(Path kept) throws IOException {
    if (!Files.exists(kept)) {
      return Optional.empty();
    }
    try {
      return Optional.of(SigStruct.parse(Bytes.wrap(Files.readAllBytes(kept))));
    } catch (MalformedException half) {
      return Optional.empty();
    }
  }
}
