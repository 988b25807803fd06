package dev.reseal.cli;

import dev.reseal.emulator.EmulatedPlatform;
import dev.reseal.platform.PlatformInfo;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.VerifyKey;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code reseal draft}: a policy file for an application on this machine, to be read and then
 * applied. It names the measured image, this platform, the operator keys and the key of this host's
 * supervisor, under a lineage id that was never used; it decides nothing.
 */
@Command(
    name = "draft",
    description = "Print a policy file for an application on this machine; read it, then apply it.")
final class DraftCommand implements Callable<Integer> {
  private static final int LINEAGE_BYTES = 16;

  @Option(names = "--lineage", required = true, paramLabel = "NAME", description = "The lineage.")
  private String name = "";

  @Mixin private HomeOption home = new HomeOption();
  @Mixin private AppOptions app = new AppOptions();

  @Option(
      names = "--purpose",
      paramLabel = "P",
      required = true,
      description = "An entry of each key generation, as in app.key(P); repeatable.")
  private List<String> purposes = new ArrayList<>();

  @Option(
      names = "--rpo-updates",
      paramLabel = "N",
      defaultValue = "64",
      description = "Acknowledged updates that a kill may cost (default: ${DEFAULT-VALUE}).")
  private long rpoUpdates;

  @Option(
      names = "--state-max",
      paramLabel = "BYTES",
      defaultValue = "268435456",
      description = "Size of the largest state (default: ${DEFAULT-VALUE}).")
  private long stateMax;

  @Option(
      names = "--life-ms",
      paramLabel = "MS",
      defaultValue = "120000",
      description = "Life of a passport, and the wait of a takeover (default: ${DEFAULT-VALUE}).")
  private long lifeMs;

  @Option(
      names = "--skew-ms",
      paramLabel = "MS",
      defaultValue = "5000",
      description = "How far clocks may be apart (default: ${DEFAULT-VALUE}).")
  private long skewMs;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    VerifyKey supervisor =
        KeyFile.readOrMake(home.lineage(name).resolve("supervisor.pem")).verifyKey();
    AppOptions.Measured measured = app.measure(home);
    PlatformInfo platform = new EmulatedPlatform(home.platform()).info();
    Map<String, Object> lineage = essentials();
    lineage.put(
        "allowed",
        List.of(
            ordered(
                "mrenclave", measured.mrenclave().toHex(),
                "isvprodid", measured.image().isvProdId(),
                "least_isvsvn", measured.image().isvSvn())));
    lineage.put(
        "platforms",
        List.of(
            ordered(
                "kind", "emulated",
                "root_spki_sha256", platform.root().toHex(),
                "ids", List.of(platform.id().toHex()))));
    lineage.put("operators", home.operators().stream().map(key -> key.spki().toHex()).toList());
    lineage.put(
        "supervisors",
        List.of(
            ordered(
                "key", supervisor.spki().toHex(), "may", List.of("takeover", "abort", "retire"))));
    lineage.put("life_ms", lifeMs);
    lineage.put("skew_ms", skewMs);
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        JsonMapper.shared()
            .writerWithDefaultPrettyPrinter()
            .writeValueAsString(ordered("version", 1, "lineages", List.of(lineage))));
    out.flush();
    return 0;
  }

  private Map<String, Object> essentials() {
    Map<String, Object> lineage = new LinkedHashMap<>();
    lineage.put("name", name);
    lineage.put("lineage", Randomness.system().bytes(LINEAGE_BYTES).toHex());
    lineage.put("env", "demo");
    lineage.put("binding", "enclave");
    lineage.put("recovery", "none");
    lineage.put("rpo_updates", rpoUpdates);
    lineage.put("state_max", stateMax);
    lineage.put("purposes", purposes);
    return lineage;
  }

  private static Map<String, Object> ordered(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return map;
  }
}
