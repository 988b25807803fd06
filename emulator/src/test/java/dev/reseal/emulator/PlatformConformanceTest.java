package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.emulator.Subject.Guest;
import dev.reseal.emulator.Subject.Outcome;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.ReportBody;
import dev.reseal.sgx.TargetInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The contract of every platform (spec 22.2) as tests: the same body over each shape. A real
 * runtime joins when {@code RESEAL_URTS_LIB} names one; without it that column is skipped, and says
 * so.
 */
class PlatformConformanceTest {
  private static final Bytes SECRET = Bytes.ascii("0123456789abcdef");

  /** One platform: its name and how a fresh one is made. */
  private record Shape(String name, Callable<Subject> fresh) {}

  private record Clause(String name, Consumer<Subject> body) {}

  private static List<Shape> shapes() {
    return List.of(
        new Shape("emulator, process an instance", DaemonSubject::new),
        new Shape("emulator, in process", InProcessSubject::new),
        new Shape("urts", UrtsSubject::ofEnvironment));
  }

  private static List<Clause> clauses() {
    return List.of(
        new Clause("1 evidence is that of the instance", PlatformConformanceTest::identity),
        new Clause("2 egetkey is a function", PlatformConformanceTest::keys),
        new Clause("2 a higher SVN is refused by name", PlatformConformanceTest::svns),
        new Clause("3 only what was signed runs", PlatformConformanceTest::measured),
        new Clause("4 nothing is left after destroy", PlatformConformanceTest::gone),
        new Clause("5 a failed create leaves nothing", PlatformConformanceTest::failed),
        new Clause("5 a full EPC is one named result", PlatformConformanceTest::full),
        new Clause("6 a quote carries the platform's root", PlatformConformanceTest::quotes),
        new Clause("local attestation between two", PlatformConformanceTest::locally),
        new Clause("a power transition loses all of them", FaultClauses::power),
        new Clause("a forked child keeps the EPC", FaultClauses::child),
        new Clause("a failed EREMOVE leaks its pages", FaultClauses::leak),
        new Clause("another workload may take pages", FaultClauses::taken),
        new Clause("a busy thread holds up destroy", FaultClauses::busy),
        new Clause("the quoting enclave may be away", FaultClauses::quoting),
        new Clause("open is retried, and not for ever", FaultClauses::open),
        new Clause("EINIT is retried, and not for ever", FaultClauses::einit),
        new Clause("microcode up and down", FaultClauses::microcode));
  }

  @TestFactory
  Stream<DynamicContainer> everyPlatformKeepsTheContract() {
    return shapes().stream()
        .map(shape ->
            DynamicContainer.dynamicContainer(
                shape.name(),
                clauses().stream()
                    .map(clause ->
                        DynamicTest.dynamicTest(clause.name(), () -> run(shape, clause)))));
  }

  private static void run(Shape shape, Clause clause) throws Exception {
    try (Subject subject = shape.fresh().call()) {
      clause.body().accept(subject);
    }
  }

  static Guest alive(Subject subject, String variant) {
    Outcome outcome = subject.create(variant, variant);
    assertThat(outcome).isInstanceOf(Outcome.Alive.class);
    return ((Outcome.Alive) outcome).guest();
  }

  static Bytes seal(int policy, int svn) {
    return Programs.seal(policy, Bytes.zeros(16), svn).encode();
  }

  static ReportBody body(Bytes report) {
    return report(report).body();
  }

  private static void identity(Subject subject) {
    Guest one = alive(subject, "a");
    Guest two = alive(subject, "b");
    Bytes data = Bytes.ascii("d".repeat(64));
    assertThat(body(one.report(Bytes.zeros(512), data)).mrEnclave()).isEqualTo(one.mrenclave());
    assertThat(body(two.report(Bytes.zeros(512), data)).mrEnclave()).isEqualTo(two.mrenclave());
    assertThat(body(one.report(Bytes.zeros(512), data)).reportData()).isEqualTo(data);
    assertThat(one.mrenclave()).isNotEqualTo(two.mrenclave());
    assertThat(one.quote(data).slice(48 + 64, 32)).isEqualTo(one.mrenclave());
  }

  private static void keys(Subject subject) {
    Guest one = alive(subject, "a");
    Guest other = alive(subject, "b");
    Bytes own = one.egetkey(seal(KeyRequest.POLICY_MRENCLAVE, 0));
    Bytes signer = one.egetkey(seal(KeyRequest.POLICY_MRSIGNER, 0));
    assertThat(own).hasToString(one.egetkey(seal(KeyRequest.POLICY_MRENCLAVE, 0)).toHex());
    assertThat(own).isNotEqualTo(signer);
    assertThat(other.egetkey(seal(KeyRequest.POLICY_MRENCLAVE, 0))).isNotEqualTo(own);
    assertThat(other.egetkey(seal(KeyRequest.POLICY_MRSIGNER, 0))).isEqualTo(signer);
    one.destroy();
    assertThat(alive(subject, "a").egetkey(seal(KeyRequest.POLICY_MRENCLAVE, 0))).isEqualTo(own);
  }

  private static void svns(Subject subject) {
    Guest guest = alive(subject, "a");
    assertThat(guest.egetkey(seal(1, 0xffff))).isEqualTo(Bytes.ascii("INVALID_ISVSVN"));
    Bytes newer = Programs.seal(1, Bytes.hex("ff".repeat(16)), 0).encode();
    assertThat(guest.egetkey(newer)).isEqualTo(Bytes.ascii("INVALID_CPUSVN"));
    Bytes unknown = Bytes.concat(Bytes.hex("0900"), seal(1, 0).slice(2, 510));
    assertThat(guest.egetkey(unknown)).isEqualTo(Bytes.ascii("INVALID_KEYNAME"));
  }

  private static void measured(Subject subject) {
    OptionalLong before = subject.free();
    assertThat(subject.create("changed", "a")).isInstanceOf(Outcome.Refused.class);
    assertThat(subject.free()).isEqualTo(before);
  }

  private static void gone(Subject subject) {
    Guest first = alive(subject, "a");
    first.put(SECRET);
    assertThat(first.get()).isEqualTo(SECRET);
    first.destroy();
    first.destroy();
    assertThatThrownBy(first::get).isInstanceOf(Subject.Gone.class);
    assertThatThrownBy(() -> first.egetkey(seal(1, 0))).isInstanceOf(Subject.Gone.class);
    assertThat(alive(subject, "a").get().allZero()).isTrue();
  }

  private static void failed(Subject subject) {
    OptionalLong before = subject.free();
    for (int i = 0; i < 3; i++) {
      assertThat(subject.create("a", "b")).isInstanceOf(Outcome.Refused.class);
    }
    assertThat(subject.free()).isEqualTo(before);
    alive(subject, "a").destroy();
    assertThat(subject.free()).isEqualTo(before);
  }

  private static void full(Subject subject) {
    Assumptions.assumeTrue(
        subject.free().isPresent(), "skipped: this platform does not tell how large its EPC is");
    List<Guest> guests = new ArrayList<>();
    Outcome last = subject.create("a", "a");
    while (last instanceof Outcome.Alive(Guest guest)) {
      guests.add(guest);
      assertThat(guests).as("the EPC has an end").hasSizeLessThan(20);
      last = subject.create("a", "a");
    }
    assertThat(last).isInstanceOf(Outcome.OutOfEpc.class);
    assertThat(guests).hasSizeGreaterThan(1);
    guests.getFirst().destroy();
    alive(subject, "a");
  }

  /** One makes a report for the other, who alone can check it. */
  private static void locally(Subject subject) {
    Guest prover = alive(subject, "a");
    Guest checker = alive(subject, "b");
    Bytes data = Bytes.ascii("l".repeat(64));
    TargetInfo target =
        EnclaveIdentity.of(body(checker.report(Bytes.zeros(512), Bytes.zeros(64)))).target();
    Report report = report(prover.report(target.encode(), data));
    assertThat(report.body().mrEnclave()).isEqualTo(prover.mrenclave());
    assertThat(isAuthentic(report, checker)).isTrue();
    assertThat(isAuthentic(report, prover)).isFalse();
    byte[] altered = report.encode().toArray();
    altered[321] ^= 1;
    assertThat(isAuthentic(report(Bytes.wrap(altered)), checker)).isFalse();
  }

  private static boolean isAuthentic(Report report, Guest checker) {
    KeyRequest request =
        new KeyRequest(
            KeyRequest.REPORT_KEY, 0, 0, Bytes.zeros(16), Attributes.NONE, report.keyId(), 0, 0);
    try (Secret key = Secret.own(checker.egetkey(request.encode()).toArray())) {
      return report.isAuthentic(key);
    }
  }

  private static Report report(Bytes encoded) {
    try {
      return Report.parse(encoded);
    } catch (dev.reseal.sgx.MalformedException malformed) {
      throw new AssertionError(malformed);
    }
  }

  private static void quotes(Subject subject) {
    Bytes quote = alive(subject, "a").quote(Bytes.zeros(64));
    String text = new String(quote.toArray(), StandardCharsets.ISO_8859_1);
    int last = text.lastIndexOf("-----BEGIN CERTIFICATE-----");
    String root = text.substring(last).replaceAll("-----[A-Z ]+-----|\\s|\0", "");
    String der =
        new String(java.util.Base64.getDecoder().decode(root), StandardCharsets.ISO_8859_1);
    assertThat(der).contains("EMULATED SGX Root CA");
  }
}
