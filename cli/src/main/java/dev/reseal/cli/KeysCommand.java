package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.supervisor.Authority;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Limits;
import dev.reseal.wire.Randomness;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reseal authority keys}: the key generations of a lineage. */
@Command(
    name = "keys",
    description = "The key generations of a lineage.",
    subcommands = {KeysCommand.ListKeys.class, KeysCommand.Add.class})
final class KeysCommand {
  private static final int LEAST = 16;
  private static final int MOST = 4096;
  private static final List<String> STATES =
      List.of("", "pre-activation", "active", "deactivated", "compromised");

  /** Numbers and states, never bytes. */
  @Command(name = "list", description = "Show the generations that exist; no bytes.")
  static final class ListKeys implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The lineage.")
    private String name = "";

    @Mixin private HomeOption home = new HomeOption();

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      Bytes payload =
          Cbor.map()
              .with(1, 1)
              .with(2, Services.status(home, name).lineage())
              .with(5, Randomness.system().bytes(16))
              .encode();
      Authority authority = home.authority();
      Bytes answer =
          AuthorityCalls.require(
              authority.post(
                  "key-list", Cose.sign("key-list", payload, KeyFile.read(home.operator()))));
      Fields wrapped = Fields.ofArray(Cbor.array(Cbor.decode(answer)), "keys");
      List<Facts> all = wrapped.list(0, 0, Limits.LIST, each -> facts(each.nested(0)));
      Output.print(spec.commandLine().getOut(), new Facts().put("generation", all), json);
      return 0;
    }

    private static Facts facts(Fields gen) {
      List<String> purposes = gen.list(2, 0, Limits.LIST, each -> each.text(0));
      return gen.end(
          new Facts()
              .put("number", gen.uint(0))
              .put("state", STATES.get((int) gen.uint(1, 1, 4)))
              .put("purposes", String.join(" ", purposes)));
    }
  }

  /** Bytes go from a file to the authority, over TLS, and nowhere else. */
  @Command(
      name = "add",
      description = "Give the bytes of a purpose for the next generation that is made.")
  static final class Add implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The lineage.")
    private String name = "";

    @Option(names = "--purpose", required = true, paramLabel = "P", description = "As in policy.")
    private String purpose = "";

    @Option(
        names = "--file",
        required = true,
        paramLabel = "FILE",
        description = "16 to 4096 bytes; - for standard input.")
    private String file = "";

    @Mixin private HomeOption home = new HomeOption();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      byte[] key = read();
      try {
        if (key.length < LEAST || key.length > MOST) {
          throw new Refused(
              "KEY_SIZE", "a key of " + key.length + " bytes", LEAST + " to " + MOST + " bytes");
        }
        Bytes payload =
            Cbor.map()
                .with(1, 1)
                .with(2, Services.status(home, name).lineage())
                .with(3, purpose)
                .with(4, Bytes.of(key))
                .with(5, Randomness.system().bytes(16))
                .encode();
        AuthorityCalls.require(
            home.authority()
                .post("key-add", Cose.sign("key-add", payload, KeyFile.read(home.operator()))));
      } finally {
        Arrays.fill(key, (byte) 0);
      }
      spec.commandLine().getOut().println("the next generation of " + name + " takes these bytes");
      spec.commandLine().getOut().flush();
      return 0;
    }

    private byte[] read() throws IOException {
      try (InputStream in = file.equals("-") ? System.in : Files.newInputStream(Path.of(file))) {
        return in.readNBytes(MOST + 1);
      }
    }
  }
}
