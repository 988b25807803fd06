package dev.reseal.cli;

import dev.reseal.wire.Status;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** What a rotation would do, from what the register and the disk show; nothing is touched. */
record Plan(Status status, Rung rung, boolean keepKey, SealedHead sealed) {
  /** The rungs that {@code rotate} can take (protocol 2). */
  enum Rung {
    rekey,
    reseal
  }

  private long nextGen() {
    return status.operation().gen() + (keepKey ? 0 : 1);
  }

  private String chosen(Rung which) {
    return which == rung ? "  <- chosen" : "";
  }

  private String possible() {
    return status.state().equals("ACTIVE") ? "yes" : "no: the register is " + status.state();
  }

  void print(PrintWriter out, boolean json) {
    if (json) {
      out.println(JsonMapper.shared().writeValueAsString(object()));
    } else {
      text(out);
    }
    out.flush();
  }

  /** What an operation without options would act on. */
  static void printRow(PrintWriter out, String verb, Status status, boolean json) {
    Status.Operation row = status.operation();
    String lost = verb.equals("recover") ? atMost(status) : "0";
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("verb", verb);
      object.put("lineage", status.name());
      object.put("state", status.state());
      object.put("epoch", row.epoch());
      object.put("fence", row.fence());
      object.put("updates_lost", lost);
      object.put("retirable_generations", status.retirable().gens());
      object.put("retirable_wrap_keys", status.retirable().wrapIds().size());
      object.put("platform", ServiceWords.platform(status));
      out.println(JsonMapper.shared().writeValueAsString(object));
    } else {
      out.println(
          "intent   "
              + verb
              + " "
              + status.name()
              + " at epoch "
              + row.epoch()
              + ", fence "
              + row.fence()
              + ", state "
              + status.state());
      out.println("lost     " + lost + " updates");
      out.println("platform " + ServiceWords.platform(status));
    }
    out.flush();
  }

  static String atMost(Status status) {
    return status.policy().rpoUpdates().map(n -> "at most " + n).orElse("an unbounded number of");
  }

  private void text(PrintWriter out) {
    Status.Operation row = status.operation();
    out.println(
        "intent   "
            + (rung == Rung.rekey ? "rekey" : "re-seal")
            + " "
            + status.name()
            + ": key generation "
            + row.gen()
            + " -> "
            + nextGen()
            + ", epoch "
            + row.epoch()
            + " -> "
            + (rung == Rung.rekey ? row.epoch() : row.epoch() + 1));
    out.println("possible " + possible());
    out.println(
        "option   R0 rekey    gap about 0             a compromised process: NOT addressed"
            + chosen(Rung.rekey));
    out.println(
        "         R1 re-seal  drain + create + restore a compromised process: addressed"
            + chosen(Rung.reseal));
    out.println("lost     0 updates: the old instance seals after its last answer");
    out.println(
        "rpo      "
            + status.policy().rpoUpdates().map(Object::toString).orElse("unbounded")
            + " acknowledged updates, if the instance is killed instead");
    out.println("state    " + sealed.words());
    if (!status.policy().lowered().isEmpty()) {
      out.println("demo     lowered: " + String.join(", ", status.policy().lowered()));
    }
    out.println("platform " + ServiceWords.platform(status));
    out.println("permit   not taken yet");
  }

  private Map<String, Object> object() {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("verb", "plan");
    object.put("lineage", status.name());
    object.put("rung", rung.name());
    object.put("possible", possible());
    object.put("key_generation", status.operation().gen());
    object.put("next_key_generation", nextGen());
    object.put("epoch", status.operation().epoch());
    object.put("rpo_updates", status.policy().rpoUpdates().orElse(-1L));
    object.put("lowered", status.policy().lowered());
    object.put("platform", ServiceWords.platform(status));
    object.put("updates_lost", 0);
    object.put("sealed_state", sealed.word().name());
    object.put("sealed_state_detail", sealed.detail());
    return object;
  }
}
