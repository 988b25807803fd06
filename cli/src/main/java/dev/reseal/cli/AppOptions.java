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
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Spec;

/** An application and how it becomes an image. */
@Command
final class AppOptions {
  private final OptionSpec packages =
      Declared.option(
              "--with",
              "PACKAGE",
              List.class,
              "A package of the interpreter's environment that the image contains.")
          .auxiliaryTypes(String.class)
          .initialValue(List.of())
          .build();
  private final OptionSpec heapPages =
      Declared.optional(
          "--heap-pages",
          "N",
          int.class,
          "8192",
          "EPC pages of 4 KiB for the heap (default: ${DEFAULT-VALUE}).");
  private final OptionSpec isvProdId =
      Declared.optional("--isvprodid", "N", int.class, "1", "Product id of the image.");
  private final OptionSpec isvSvn =
      Declared.optional("--isvsvn", "N", int.class, "1", "Security version of the image.");
  private final PositionalParamSpec python =
      word("0", "PYTHON", "The interpreter that runs the application.");
  private final PositionalParamSpec app = word("1", "APP", "The application's main file.");

  private static PositionalParamSpec word(String index, String label, String description) {
    return PositionalParamSpec.builder()
        .index(index)
        .paramLabel(label)
        .type(String.class)
        .description(description)
        .required(true)
        .build();
  }

  /** Called by picocli where this is a mixin of a verb with annotations. */
  @Spec(Spec.Target.MIXEE)
  void declare(CommandSpec verb) {
    verb.addOption(packages).addOption(heapPages).addOption(isvProdId).addOption(isvSvn);
    verb.addPositional(python).addPositional(app);
  }

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
        new ImageBuilder(python.getValue(), Path.of(app.<String>getValue()), sdk)
            .value("RESEAL_AUTHORITY_SPKI", home.authoritySpki())
            .heapPages(heapPages.<Integer>getValue())
            .product(isvProdId.<Integer>getValue(), isvSvn.<Integer>getValue());
    List<String> with = packages.getValue();
    with.forEach(builder::with);
    Image image = build(builder);
    return switch (new EmulatedPlatform(home.platform()).measure(image)) {
      case Platform.Measured.Measurement(Bytes mrenclave) -> new Measured(image, mrenclave);
      case Platform.Measured.Refused(var rule, String detail) ->
          throw new Refused(rule.name(), detail, "");
    };
  }

  private static Image build(ImageBuilder builder) throws IOException {
    try {
      return builder.build();
    } catch (IllegalArgumentException unfit) {
      throw Refused.usage(String.valueOf(unfit.getMessage()), "see reseal run --help");
    }
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
