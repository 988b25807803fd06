package dev.reseal.supervisor;

import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import java.util.List;

/**
 * What a supervisor knows of itself (transport T6).
 *
 * @param situation IDLE, UNBORN, UNSETTLED, RUNNING, BACKING_OUT, HALTED or ASIDE
 * @param detail why, or empty
 * @param publicPort where clients connect
 */
public record LocalStatus(
    String situation,
    String phase,
    String detail,
    int publicPort,
    int parked,
    List<Instance> instances) {
  public LocalStatus {
    instances = List.copyOf(instances);
  }

  /** One instance; {@code port} is 0 until it listens. */
  public record Instance(String handle, String state, long pid, int port) {}

  Cbor encode() {
    return Cbor.map()
        .with(1, situation)
        .with(2, phase)
        .with(3, detail)
        .with(4, publicPort)
        .with(5, parked)
        .with(
            6,
            Cbor.array(
                instances,
                i ->
                    Cbor.array(
                        Cbor.of(i.handle()),
                        Cbor.of(i.state()),
                        Cbor.of(i.pid()),
                        Cbor.of(i.port()))));
  }

  static LocalStatus decode(Cbor item) {
    Fields fields = Fields.ofMap(item, "local status");
    return fields.end(
        new LocalStatus(
            fields.text(1),
            fields.text(2),
            fields.text(3),
            (int) fields.uint(4, 0, 65_535),
            (int) fields.uint(5, 0, 1 << 20),
            fields.list(6, 0, 1_024, each -> instance(Fields.ofArray(each.any(0), "instance")))));
  }

  private static Instance instance(Fields fields) {
    return fields.end(
        new Instance(
            fields.text(0), fields.text(1), fields.uint(2), (int) fields.uint(3, 0, 65_535)));
  }
}
