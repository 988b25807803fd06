package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How long the phases of one operation took, as its supervisor reports it (transport T5) and a
 * proof repeats it (protocol 24, field 11). Evidence of nothing.
 *
 * @param micros microseconds by the number of the phase (protocol 9.1)
 */
public record PhaseTimes(Bytes lineage, Bytes opId, SortedMap<Long, Long> micros) {
  /** Also the COSE type. */
  public static final String NAME = "phase-times";

  private static final long PHASES = 15;

  public PhaseTimes {
    micros = Collections.unmodifiableSortedMap(new TreeMap<>(micros));
  }

  public Bytes encode() {
    return Cbor.map().with(1, 1).with(2, lineage).with(3, opId).with(4, map()).encode();
  }

  /** The map alone, as it is in a proof. */
  public Cbor.Map map() {
    return map(micros);
  }

  public static Cbor.Map map(SortedMap<Long, Long> micros) {
    TreeMap<Long, Cbor> entries = new TreeMap<>();
    micros.forEach((phase, time) -> entries.put(phase, Cbor.of(time)));
    return new Cbor.Map(entries);
  }

  /** Refuses by {@link WireException.Rule#FIELD} what is not a report. */
  public static PhaseTimes decode(Bytes payload) {
    Fields in = Fields.ofMap(payload, NAME);
    in.uint(1, 1, 1);
    return in.end(new PhaseTimes(in.bytes(2, 16), in.bytes(3, 16), micros(in.any(4))));
  }

  /** Field 11 of a proof, or field 4 of a report: known phases only. */
  public static SortedMap<Long, Long> micros(Cbor item) {
    Fields in = Fields.ofMap(item, "phase times");
    TreeMap<Long, Long> times = new TreeMap<>();
    for (long phase = 0; phase <= PHASES; phase++) {
      if (in.has(phase)) {
        times.put(phase, in.uint(phase));
      }
    }
    return in.end(Collections.unmodifiableSortedMap(times));
  }
}
