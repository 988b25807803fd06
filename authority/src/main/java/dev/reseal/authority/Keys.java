package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The keys that exist, and those being destroyed (protocol 15).
 *
 * @param gens oldest first, a prepared one included
 */
public record Keys(List<Bytes> wrapIds, List<Gen> gens, List<String> destroying) {
  static final Keys NONE = new Keys(List.of(), List.of(), List.of());

  public Keys {
    wrapIds = List.copyOf(wrapIds);
    gens = List.copyOf(gens);
    destroying = List.copyOf(destroying);
  }

  Keys plusWrap(Bytes wrapId) {
    List<Bytes> wraps = new ArrayList<>(wrapIds);
    wraps.add(wrapId);
    return new Keys(wraps, gens, destroying);
  }

  Keys plusGen(Gen gen) {
    List<Gen> all = new ArrayList<>(gens);
    all.add(gen);
    return new Keys(wrapIds, all, destroying);
  }

  /** Without keys that nothing can need any more. */
  Keys minus(List<Bytes> wraps, List<Gen> those) {
    return new Keys(
        wrapIds.stream().filter(each -> !wraps.contains(each)).toList(),
        gens.stream().filter(each -> !those.contains(each)).toList(),
        destroying);
  }

  Keys destroying(List<String> names) {
    return new Keys(wrapIds, gens, names);
  }

  Optional<Gen> gen(long number) {
    return gens.stream().filter(each -> each.number() == number).findFirst();
  }

  /** The names under which the key store has them. */
  List<String> names(Bytes lineage) {
    List<String> all = new ArrayList<>();
    wrapIds.forEach(id -> all.add(KeyNames.wrap(lineage, id)));
    gens.forEach(gen -> all.add(KeyNames.gen(lineage, gen)));
    return all;
  }

  /** A key generation and the fence of the operation that made it. */
  public record Gen(long number, long fence) {}
}
