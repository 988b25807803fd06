package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** What nature does not provide: each status and each mismatch, one fault at a time. */
final class Cases {
  /**
   * A quote to be made and what must come of it.
   *
   * @param expected status word, or reason word of a refusal
   */
  record Case(String name, String expected, Consumer<TestPki> spoil) {
    TestPki.Built build() {
      TestPki pki = new TestPki();
      spoil.accept(pki);
      return pki.build();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private final Map<String, Case> all = new LinkedHashMap<>();

  private Cases() {}

  static Map<String, Case> all() {
    Cases cases = new Cases();
    StatusCases.addTo(cases);
    ChainCases.addTo(cases);
    CollateralCases.addTo(cases);
    QuoteCases.addTo(cases);
    TrustDomainCases.addTo(cases);
    return Map.copyOf(cases.all);
  }

  void add(String name, String expected, Consumer<TestPki> spoil) {
    if (all.put(name, new Case(name, expected, spoil)) != null) {
      throw new IllegalStateException("two cases " + name);
    }
  }

  static Bytes flipped(Bytes bytes, int at) {
    byte[] changed = bytes.toArray();
    changed[at] ^= 1;
    return Bytes.wrap(changed);
  }

  static Bytes written(Bytes bytes, int at, String hex) {
    byte[] changed = bytes.toArray();
    byte[] with = Bytes.hex(hex).toArray();
    System.arraycopy(with, 0, changed, at, with.length);
    return Bytes.wrap(changed);
  }
}
