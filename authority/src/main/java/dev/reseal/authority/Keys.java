package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The keys that exist, and names of those being destroyed (protocol 15).
 *
 * @param gens oldest first, a prepared one included
 */
public record Keys(List<Wrap> wraps, List<Gen> gens, List<String> destroying) {
  static final Keys NONE = new Keys(List.of(), List.of(), List.of());

  public Keys {
    wraps = List.copyOf(wraps);
    gens = List.copyOf(gens);
    destroying = List.copyOf(destroying);
  }

  Keys plusWrap(Wrap wrap) {
    List<Wrap> all = new ArrayList<>(wraps);
    all.add(wrap);
    return new Keys(all, gens, destroying);
  }

  Keys plusGen(Gen gen) {
    List<Gen> all = new ArrayList<>(gens);
    all.add(gen);
    return new Keys(wraps, all, destroying);
  }

  /** Without keys that nothing can need any more. */
  Keys minus(List<Wrap> others, List<Gen> those) {
    return new Keys(
        wraps.stream().filter(each -> !others.contains(each)).toList(),
        gens.stream().filter(each -> !those.contains(each)).toList(),
        destroying);
  }

  Keys plusDestroying(List<String> names) {
    List<String> all = new ArrayList<>(destroying);
    all.addAll(names);
    return new Keys(wraps, gens, all);
  }

  Keys destroyed() {
    return new Keys(wraps, gens, List.of());
  }

  Optional<Wrap> wrap(Bytes id) {
    return wraps.stream().filter(each -> each.id().equals(id)).findFirst();
  }

  Optional<Gen> gen(long number) {
    return gens.stream().filter(each -> each.number() == number).findFirst();
  }

  /** The names under which the key store has them. */
  List<String> names(Bytes lineage) {
    List<String> all = new ArrayList<>();
    wraps.forEach(wrap -> all.add(KeyNames.wrap(lineage, wrap)));
    gens.forEach(gen -> all.add(KeyNames.gen(lineage, gen)));
    return all;
  }

  /** A wrap key and the fence of the operation that made it. */
  public record Wrap(Bytes id, long fence) {}

  /** A key generation and the fence of the operation that made it. */
  public record Gen(long number, long fence) {}
}
