package dev.reseal.cli;

import dev.reseal.supervisor.Authority;
import dev.reseal.supervisor.ControlClient;
import dev.reseal.supervisor.LocalStatus;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Status;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code reseal status}: the register's row and what the supervisor here knows. */
@Command(name = "status", description = "Show a lineage: register, instance, supervisor.")
final class StatusCommand implements Callable<Integer> {
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
    PrintWriter out = spec.commandLine().getOut();
    home.lineage(name);
    Authority.Reply reply = home.authority().named(name);
    Optional<LocalStatus> local = local();
    Status status;
    try {
      status = Services.status(reply, name);
    } catch (Refused silent) {
      return withoutRegister(out, local, silent);
    }
    if (json) {
      out.println(JsonMapper.shared().writeValueAsString(object(status, local)));
    } else {
      text(out, status, local);
    }
    out.flush();
    return 0;
  }

  /** What the supervisor here knows stands also while the authority cannot say what it knows. */
  private int withoutRegister(PrintWriter out, Optional<LocalStatus> local, Refused silent) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("lineage", name);
    local.ifPresent(here -> facts.put("supervisor", supervisor(here)));
    if (!json) {
      local.ifPresent(here -> local(out, here));
      out.flush();
    }
    return Failure.tell(spec.commandLine(), silent, facts);
  }

  private Optional<LocalStatus> local() throws IOException {
    try (ControlClient supervisor = Services.supervisor(home, name)) {
      return Optional.of(supervisor.status());
    } catch (Refused none) {
      return Optional.empty();
    } catch (SocketTimeoutException silent) {
      spec.commandLine().getErr().println("reseal: warning: " + silent.getMessage());
      return Optional.empty();
    }
  }

  private static String rpo(Status status) {
    return status.policy().rpoUpdates().map(Object::toString).orElse("unbounded");
  }

  private void text(PrintWriter out, Status status, Optional<LocalStatus> local) {
    Status.Operation row = status.operation();
    out.printf(
        Locale.ROOT,
        "%-20s %5s %5s %6s %-9s %9s  %s%n",
        "LINEAGE",
        "EPOCH",
        "FENCE",
        "KEYGEN",
        "STATE",
        "RPO",
        "PLATFORM");
    out.printf(
        Locale.ROOT,
        "%-20s %5d %5d %6d %-9s %9s  %s%n",
        name,
        row.epoch(),
        row.fence(),
        row.gen(),
        status.state(),
        rpo(status),
        ServiceWords.platform(status));
    status
        .active()
        .ifPresent(
            a -> out.println("active     " + a.instanceId() + "  MRENCLAVE " + a.mrenclave()));
    status.head().ifPresent(h -> out.println("head       " + h.bodyId()));
    if (!status.policy().lowered().isEmpty()) {
      out.println("demo       lowered: " + String.join(", ", status.policy().lowered()));
    }
    local.ifPresentOrElse(
        here -> local(out, here), () -> out.println("supervisor none answers here"));
  }

  private static void local(PrintWriter out, LocalStatus here) {
    out.println(
        "supervisor "
            + here.situation()
            + (here.phase().equals("IDLE") ? "" : " " + here.phase())
            + ", public port "
            + here.publicPort()
            + (here.detail().isEmpty() ? "" : "; " + here.detail()));
    for (LocalStatus.Instance instance : here.instances()) {
      out.println(
          "instance   " + instance.handle() + " " + instance.state() + " pid " + instance.pid());
    }
  }

  private Map<String, Object> object(Status status, Optional<LocalStatus> local) {
    Status.Operation row = status.operation();
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("lineage", name);
    object.put("lineage_id", status.lineage().toHex());
    object.put("state", status.state());
    object.put("epoch", row.epoch());
    object.put("fence", row.fence());
    object.put("key_generation", row.gen());
    object.put("op_id", row.opId().toHex());
    object.put("kind", row.kind() == 0 ? "none" : Kind.of(row.kind()).wireName());
    object.put("rpo_updates", status.policy().rpoUpdates().orElse(-1L));
    object.put("policy_file_sha256", status.policy().file().toHex());
    object.put("lowered", status.policy().lowered());
    object.put("platform", ServiceWords.platform(status));
    object.put("wait_ms", status.waitMillis());
    status
        .active()
        .ifPresent(a -> {
          object.put("active_instance", a.instanceId().toHex());
          object.put("mrenclave", a.mrenclave().toHex());
        });
    status.head().ifPresent(h -> object.put("head_body", h.bodyId().toHex()));
    local.ifPresent(here -> object.put("supervisor", supervisor(here)));
    return object;
  }

  private static Map<String, Object> supervisor(LocalStatus here) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("situation", here.situation());
    object.put("phase", here.phase());
    object.put("detail", here.detail());
    object.put("public_port", here.publicPort());
    object.put("parked", here.parked());
    List<Map<String, Object>> instances = new ArrayList<>();
    for (LocalStatus.Instance instance : here.instances()) {
      Map<String, Object> each = new LinkedHashMap<>();
      each.put("handle", instance.handle());
      each.put("state", instance.state());
      each.put("pid", instance.pid());
      each.put("port", instance.port());
      instances.add(each);
    }
    object.put("instances", instances);
    return object;
  }
}
