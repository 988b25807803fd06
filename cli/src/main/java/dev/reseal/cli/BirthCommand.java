package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.SigStruct;
import dev.reseal.supervisor.ControlClient;
import dev.reseal.supervisor.Requests;
import dev.reseal.wire.Status;
import dev.reseal.wire.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code reseal birth}: the first instance of a lineage. {@code run} starts it as a process of its
 * own, so that the supervisor never holds an operator's key.
 */
@Command(
    name = "birth",
    hidden = true,
    description = "Ask for the first instance of a lineage, with an operator's key.")
final class BirthCommand implements Callable<Integer> {
  private static final int EMULATED = 2;

  @Parameters(paramLabel = "NAME", description = "The lineage.")
  private String name = "";

  @Mixin private HomeOption home = new HomeOption();

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Status status = Services.status(home, name);
    Requests.Made request =
        Requests.genesis(status, target(home.lineage(name)), KeyFile.read(home.operator()));
    OperationReport report = new OperationReport(spec.commandLine().getOut(), false, "birth", name);
    try (ControlClient supervisor = Services.supervisor(home, name)) {
      // Before it, no platform had anything to do with this lineage.
      String platform = ServiceWords.platform(EMULATED);
      return report.end(supervisor.operate(request.message(), report), status, platform);
    }
  }

  /** What the signed image says it is. */
  private static Target target(Path lineage) throws IOException {
    Image image = Image.decode(Bytes.wrap(Files.readAllBytes(lineage.resolve("image.cbor"))));
    Bytes sigstruct = Bytes.wrap(Files.readAllBytes(lineage.resolve("image.sigstruct")));
    try {
      Bytes mrenclave = SigStruct.parse(sigstruct).body().enclaveHash();
      return new Target(mrenclave, image.isvProdId(), image.isvSvn(), EMULATED, Optional.empty());
    } catch (MalformedException damaged) {
      throw new IOException("the signature of the image is damaged: " + damaged.getMessage());
    }
  }
}
