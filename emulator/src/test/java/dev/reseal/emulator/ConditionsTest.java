package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform.Creation;
import dev.reseal.platform.Refusal;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.SigStruct;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What can be set about a daemon and go wrong below it, where the two shapes differ. */
class ConditionsTest {
  private static final String WAIT = "say('ready', 1)\ntime.sleep(600)\n";

  @Test
  void anOverfullCreateIsSlowFirstAndFailsOnlyWhenNothingCanMakeRoom() throws Exception {
    try (Rig rig = new Rig(Knobs.epc(300).withBacking(120).withEvictMicros(3_000), Faults.none())) {
      Image image = rig.image(WAIT);
      Bytes sigstruct = rig.sign(image);
      assertThat(rig.create(image, sigstruct)).isInstanceOf(Creation.Created.class);
      long need = 300 - rig.free();
      long fits = 300 / need;
      for (int i = 1; i < fits; i++) {
        assertThat(rig.create(image, sigstruct)).isInstanceOf(Creation.Created.class);
      }
      long missing = need - rig.free();
      Instant start = Instant.now();
      assertThat(rig.create(image, sigstruct)).isInstanceOf(Creation.Created.class);
      assertThat(Duration.between(start, Instant.now()))
          .isGreaterThan(Duration.ofMillis(3 * missing));
      assertThat(rig.free()).isZero();
      Creation last = rig.create(image, sigstruct);
      while (last instanceof Creation.Created) {
        last = rig.create(image, sigstruct);
      }
      assertThat(last).isInstanceOf(Creation.OutOfEpc.class);
      rig.platform.list().forEach(one -> rig.platform.destroy(one.handle()));
      rig.waitUntil("all pages are back", () -> rig.free() == 300);
    }
  }

  @Test
  void anInstanceThatAsksItsDeviceGetsItsEvictedPagesBackAndWaitsForThem() throws Exception {
    Knobs knobs = Knobs.epc(160).withBacking(160).withEvictMicros(5_000);
    try (Rig rig = new Rig(knobs, Faults.none())) {
      String asks =
          """
          import os
          say("ready", 1)
          while not os.path.exists("GO"):
              time.sleep(0.01)
          begun = time.monotonic()
          ask("report", bytes(512), bytes(64))
          say("waited", int(1000 * (time.monotonic() - begun)))
          time.sleep(600)
          """;
      Path go = rig.home.resolve("go");
      rig.created(rig.image(asks.replace("GO", go.toString())));
      rig.said("ready");
      long need = 160 - rig.free();
      Image image = rig.image(WAIT);
      Bytes sigstruct = rig.sign(image);
      while (rig.free() >= need) {
        assertThat(rig.create(image, sigstruct)).isInstanceOf(Creation.Created.class);
      }
      long outside = need - rig.free();
      Creation.Created last = (Creation.Created) rig.create(image, sigstruct);
      rig.platform.destroy(last.handle());
      rig.waitUntil("there is room", () -> rig.free() == need);
      Files.createFile(go);
      assertThat(Long.parseLong(rig.said("waited"))).isGreaterThanOrEqualTo(5 * outside);
      assertThat(rig.free()).isEqualTo(need - outside);
    }
  }

  @Test
  void aProcessWithMoreThreadsThanTcsIsAnsweredSo() throws Exception {
    try (Rig rig = new Rig(Knobs.epc(4096).withBacking(0).withTcs(2), Faults.none())) {
      rig.created(
          rig.image(
              """
              import threading
              say("alone", ask("report", bytes(512), bytes(64))[:2])
              go = threading.Event()
              more = [threading.Thread(target=go.wait) for _ in range(2)]
              for one in more: one.start()
              say("many", ask("report", bytes(512), bytes(64))[:4])
              go.set()
              for one in more: one.join()
              say("again", ask("report", bytes(512), bytes(64))[:2])
              """
                  + WAIT));
      assertThat(rig.said("again")).isEqualTo("8200");
      assertThat(rig.said("alone")).isEqualTo("8200");
      assertThat(rig.said("many")).as("307").isEqualTo("83190133");
    }
  }

  @Test
  void aPowerTransitionIsNamedInTheInstancesLog() throws Exception {
    try (Rig rig = new Rig(4096)) {
      Creation.Created created = rig.created(rig.image(WAIT));
      rig.daemon.strike(new Fault.PowerTransition());
      rig.waitUntil("it is gone", () -> !rig.platform.alive(created.handle()));
      assertThat(rig.said())
          .contains("ENCLAVE_LOST (power transition), instance " + created.handle());
      assertThat(ProcessHandle.of(created.pid())).isEmpty();
    }
  }

  @Test
  void residueIsNotAFaultOfADaemonAndUnknownWordsAreRefused() throws Exception {
    try (Rig rig = new Rig(4096)) {
      assertThatThrownBy(() -> rig.platform.strike(new Fault.Residue(1)))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("an account");
      assertThat(Fault.Kind.of("power-failure")).isEmpty();
      assertThat(rig.platform.list()).isEmpty();
    }
  }

  @Test
  void aPlanStrikesADaemonAtItsCreatesAndDestroys() throws Exception {
    Faults plan = Faults.none().at(2, new Fault.PowerTransition()).at(3, new Fault.LeakedPages(5));
    try (Rig rig = new Rig(Knobs.epc(4096).withBacking(0), plan)) {
      Image image = rig.image(WAIT);
      Bytes sigstruct = rig.sign(image);
      Creation.Created first = (Creation.Created) rig.create(image, sigstruct);
      Creation.Created second = (Creation.Created) rig.create(image, sigstruct);
      rig.waitUntil("the first is lost", () -> !rig.platform.alive(first.handle()));
      assertThat(rig.platform.alive(second.handle())).isTrue();
      rig.platform.destroy(second.handle());
      rig.waitUntil("pages are back, less the leak", () -> rig.free() == 4096 - 5);
    }
  }

  @Test
  void everyFaultHasAWordUnderWhichItIsTheSame() {
    for (Fault.Kind kind : Fault.Kind.values()) {
      Fault fault = kind.fault(7);
      assertThat(fault.kind()).isEqualTo(kind);
      assertThat(fault.amount()).isEqualTo(kind.isCounted() ? 7 : 0);
      assertThat(Fault.Kind.of(kind.word())).contains(kind);
    }
    assertThat(Faults.seeded(4, 100, 3)).hasToString(Faults.seeded(4, 100, 3).toString());
  }

  private static EnclaveIdentity reported(Rig rig) throws Exception {
    Bytes answer = Bytes.hex(rig.said("report"));
    return EnclaveIdentity.of(Report.parse(answer.slice(5, 432)).body());
  }

  @Test
  void debugIsInTheIdentityExactlyIfItWasSignedSo() throws Exception {
    try (Rig rig = new Rig(4096)) {
      Image image = rig.image("say('report', ask('report', bytes(512), bytes(64)))\n" + WAIT);
      Bytes signed = rig.sign(image, Attributes.PRODUCTION.with(Attributes.DEBUG));
      assertThat(rig.create(image, signed)).isInstanceOf(Creation.Created.class);
      assertThat(reported(rig).debug()).isTrue();
    }
    try (Rig rig = new Rig(4096)) {
      rig.created(rig.image("say('report', ask('report', bytes(512), bytes(64)))\n" + WAIT));
      assertThat(reported(rig).debug()).isFalse();
    }
  }

  @Test
  void underKssTheHostChoosesConfigIdAndWithoutItCannot() throws Exception {
    try (Rig rig = new Rig(4096)) {
      Image image = rig.image("say('report', ask('report', bytes(512), bytes(64)))\n" + WAIT);
      Bytes kss = rig.sign(image, Attributes.PRODUCTION.with(Attributes.KSS));
      TreeMap<String, String> advice = new TreeMap<>(Rig.advice());
      advice.putAll(Map.of("configid", "c1".repeat(64), "configsvn", "4"));
      assertThat(rig.platform.create(image, rig.sign(image), advice, rig.logs))
          .isInstanceOfSatisfying(
              Creation.Refused.class,
              refused -> assertThat(refused.rule()).isEqualTo(Refusal.SIGSTRUCT));
      advice.put("configid", "c1");
      assertThat(rig.platform.create(image, kss, advice, rig.logs))
          .isInstanceOfSatisfying(
              Creation.Refused.class,
              refused -> assertThat(refused.detail()).contains("128 hex digits"));
      advice.put("configid", "c1".repeat(64));
      assertThat(rig.platform.create(image, kss, advice, rig.logs))
          .isInstanceOf(Creation.Created.class);
      assertThat(reported(rig).configId()).isEqualTo(Bytes.hex("c1".repeat(64)));
      assertThat(reported(rig).configSvn()).isEqualTo(4);
      assertThat(SigStruct.parse(kss).body().attributes().has(Attributes.KSS)).isTrue();
    }
  }

  @Test
  void keysEndWithTheOwnerEpochAndWithTheBoard() throws Exception {
    try (Rig rig = new Rig(4096)) {
      Image image =
          rig.image(
              """
              request = (4).to_bytes(2, "little") + (1).to_bytes(2, "little") + bytes(508)
              say("key", ask("egetkey", request))
              """
                  + WAIT);
      Bytes sigstruct = rig.sign(image);
      String first = key(rig, image, sigstruct);
      assertThat(key(rig, image, sigstruct)).isEqualTo(first);
      Bytes id = rig.platform.info().id();
      Machine.change(rig.home.resolve("platform"), Machine::withOwnerEpoch);
      rig.platform.reload();
      String second = key(rig, image, sigstruct);
      assertThat(second).isNotEqualTo(first);
      assertThat(rig.platform.info().id()).isEqualTo(id);
      Bytes root = rig.platform.info().root();
      Machine.change(
          rig.home.resolve("platform"), old -> old.sibling(old.identity().fmspc(), Instant.now()));
      rig.platform.reload();
      assertThat(key(rig, image, sigstruct)).isNotIn(first, second);
      assertThat(rig.platform.info().id()).isNotEqualTo(id);
      assertThat(rig.platform.info().root()).isEqualTo(root);
    }
  }

  private static String key(Rig rig, Image image, Bytes sigstruct) throws Exception {
    Files.deleteIfExists(rig.logs.resolve("stdout.log"));
    Creation.Created created = (Creation.Created) rig.create(image, sigstruct);
    String key = rig.said("key");
    rig.platform.destroy(created.handle());
    rig.waitUntil("it is gone", () -> !rig.platform.alive(created.handle()));
    return key;
  }
}
