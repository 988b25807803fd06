package dev.reseal.emulator;

import static dev.reseal.emulator.PlatformConformanceTest.alive;
import static dev.reseal.emulator.PlatformConformanceTest.body;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.Subject.Guest;
import dev.reseal.emulator.Subject.Outcome;
import dev.reseal.sgx.KeyRequest;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Assumptions;

/**
 * What every platform does when something goes wrong below it; skipped where nobody can make it.
 */
final class FaultClauses {
  private static final Bytes SECRET = Bytes.ascii("0123456789abcdef");

  private FaultClauses() {}

  private static Faulty faulty(Subject subject) {
    Assumptions.assumeTrue(
        subject.faulty().isPresent(), "nobody can make this platform fail: not tested here");
    return subject.faulty().get();
  }

  private static long free(Subject subject) {
    return subject.free().orElseThrow();
  }

  static void power(Subject subject) {
    Faulty faulty = faulty(subject);
    long before = free(subject);
    Guest one = alive(subject, "a");
    Guest two = alive(subject, "b");
    Bytes key = one.egetkey(sealing());
    one.put(SECRET);
    faulty.strike(new Fault.PowerTransition());
    awaitGone(one);
    awaitGone(two);
    one.destroy();
    two.destroy();
    assertThat(free(subject)).isEqualTo(before);
    Guest again = alive(subject, "a");
    assertThat(again.get().allZero()).isTrue();
    assertThat(again.egetkey(sealing())).isEqualTo(key);
  }

  private static void awaitGone(Guest guest) {
    Instant end = Instant.now().plus(Duration.ofSeconds(20));
    assertThatThrownBy(
            () -> {
              while (Instant.now().isBefore(end)) {
                guest.get();
              }
            })
        .isInstanceOf(Subject.Gone.class);
  }

  static void child(Subject subject) {
    Faulty faulty = faulty(subject);
    long before = free(subject);
    Guest guest = alive(subject, "a");
    long during = free(subject);
    faulty.strike(new Fault.ForkedChild());
    guest.destroy();
    assertThat(free(subject)).isEqualTo(during);
    alive(subject, "a").destroy();
    assertThat(free(subject)).isEqualTo(during);
    faulty.strike(new Fault.ChildrenExit());
    assertThat(free(subject)).isEqualTo(before);
  }

  static void leak(Subject subject) {
    Faulty faulty = faulty(subject);
    long before = free(subject);
    Guest guest = alive(subject, "a");
    faulty.strike(new Fault.LeakedPages(3));
    guest.destroy();
    assertThat(free(subject)).isEqualTo(before - 3);
    alive(subject, "a").destroy();
    assertThat(free(subject)).isEqualTo(before - 3);
  }

  static void taken(Subject subject) {
    Faulty faulty = faulty(subject);
    long before = free(subject);
    faulty.strike(new Fault.PagesTaken(1_000_000));
    assertThat(free(subject)).isZero();
    assertThat(subject.create("a", "a")).isInstanceOf(Outcome.OutOfEpc.class);
    faulty.strike(new Fault.PagesReturned());
    assertThat(free(subject)).isEqualTo(before);
    alive(subject, "a");
  }

  static void busy(Subject subject) {
    Faulty faulty = faulty(subject);
    Guest guest = alive(subject, "a");
    faulty.strike(new Fault.BusyThread(400));
    Instant start = Instant.now();
    guest.destroy();
    assertThat(Duration.between(start, Instant.now())).isGreaterThan(Duration.ofMillis(390));
    assertThatThrownBy(guest::get).isInstanceOf(Subject.Gone.class);
  }

  static void quoting(Subject subject) {
    Guest guest = alive(subject, "a");
    faulty(subject).strike(new Fault.QuotingAway(1));
    assertThatThrownBy(() -> guest.quote(Bytes.zeros(64))).isInstanceOf(Subject.NoQuote.class);
    assertThat(guest.quote(Bytes.zeros(64)).size()).isGreaterThan(1_000);
    assertThat(guest.egetkey(sealing()).size()).isEqualTo(16);
  }

  static void open(Subject subject) {
    Faulty faulty = faulty(subject);
    faulty.strike(new Fault.OpenRetry(2));
    alive(subject, "a").destroy();
    faulty.strike(new Fault.OpenRetry(4));
    assertThat(subject.create("a", "a"))
        .isInstanceOfSatisfying(
            Outcome.Refused.class, refused -> assertThat(refused.detail()).contains("EUPDATESVN"));
    alive(subject, "a");
  }

  static void einit(Subject subject) {
    Faulty faulty = faulty(subject);
    long before = free(subject);
    faulty.strike(new Fault.EinitInterrupted(2));
    alive(subject, "a").destroy();
    faulty.strike(new Fault.EinitInterrupted(3));
    assertThat(subject.create("a", "a"))
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> assertThat(refused.detail()).contains("UNMASKED_EVENT"));
    assertThat(free(subject)).isEqualTo(before);
    alive(subject, "a");
  }

  /** A request that names its CPUSVN opens after an update; after a roll back the newer do not. */
  static void microcode(Subject subject) {
    Faulty faulty = faulty(subject);
    Guest guest = alive(subject, "a");
    Bytes old = cpuSvn(guest);
    Bytes key = guest.egetkey(sealing(old));
    faulty.strike(new Fault.Microcode(9));
    Bytes raised = cpuSvn(guest);
    assertThat(raised.at(0)).isEqualTo((byte) 9);
    assertThat(guest.egetkey(sealing(old))).isEqualTo(key);
    assertThat(guest.egetkey(sealing(raised))).isNotEqualTo(key);
    faulty.strike(new Fault.Microcode(old.at(0)));
    assertThat(guest.egetkey(sealing(raised))).isEqualTo(Bytes.ascii("INVALID_CPUSVN"));
    assertThat(guest.egetkey(sealing(old))).isEqualTo(key);
  }

  private static Bytes cpuSvn(Guest guest) {
    return body(guest.report(Bytes.zeros(512), Bytes.zeros(64))).cpuSvn();
  }

  private static Bytes sealing() {
    return sealing(Bytes.zeros(16));
  }

  private static Bytes sealing(Bytes cpuSvn) {
    return Programs.seal(KeyRequest.POLICY_MRENCLAVE, cpuSvn, 0).encode();
  }
}
