package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform.Creation;
import dev.reseal.sgx.ReportBody;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Real processes on a real daemon (spec 22.3): their life, their keys and the protocol. */
class DaemonTest extends OnARealDaemon {
  @Test
  void anInstanceGetsKeyReportAndQuoteOfItsOwnMeasurement() throws Exception {
    Image image =
        rig.image(
            """
            say("mrenclave", _launch.mrenclave)
            say("flags", [sys.flags.isolated, sys.flags.no_site, sys.flags.dont_write_bytecode])
            say("environment", len(open("/proc/self/environ", "rb").read()))
            request = (4).to_bytes(2, "little") + (1).to_bytes(2, "little") + bytes(508)
            say("key", ask("egetkey", request))
            say("report", ask("report", bytes(512), b"r" * 64))
            say("quote", ask("quote", b"q" * 64))
            """
                + WAIT);
    Creation.Created created = rig.created(image);
    Bytes quote = Bytes.hex(rig.said("quote"));
    ReportBody body = ReportBody.parse(quote.slice(5 + 48, 384));
    assertThat(rig.said("mrenclave")).isEqualTo(created.mrenclave().toHex());
    assertThat(rig.said("flags")).isEqualTo("[1, 1, 1]");
    assertThat(rig.said("environment")).as("of ours, which is not empty").isEqualTo("0");
    assertThat(body.mrEnclave()).isEqualTo(created.mrenclave());
    assertThat(body.isvProdId()).isEqualTo(7);
    assertThat(body.reportData()).isEqualTo(Bytes.ascii("q".repeat(64)));
    assertThat(rig.said("key")).hasSize(2 * 19).startsWith("820050");
    assertThat(rig.said("report")).startsWith("82005901b0");
    assertThat(rig.platform.list())
        .singleElement()
        .satisfies(row -> assertThat(row.pid()).isEqualTo(created.pid()));
  }

  @Test
  void keysAreTheSameAfterDestroyAndCreate() throws Exception {
    String code =
        """
        say("key", ask("egetkey", (4).to_bytes(2, "little") + (1).to_bytes(2, "little") + bytes(508)))
        """;
    Image image = rig.image(code + WAIT);
    Creation.Created first = rig.created(image);
    String key = rig.said("key");
    rig.platform.destroy(first.handle());
    rig.waitUntil("it is gone", () -> !rig.platform.alive(first.handle()));
    Files.delete(rig.logs.resolve("stdout.log"));
    rig.created(image);
    assertThat(rig.said("key")).isEqualTo(key);
  }

  @Test
  void destroyGivesThePagesBackAndIsIdempotent() throws Exception {
    long free = rig.free();
    Creation.Created created = rig.created(rig.image(WAIT));
    assertThat(rig.free()).isLessThan(free - Rig.HEAP);
    rig.platform.destroy(created.handle());
    rig.platform.destroy(created.handle());
    rig.platform.destroy("never given");
    rig.waitUntil("pages are back", () -> rig.free() == free);
    assertThat(rig.platform.list()).isEmpty();
    assertThat(ProcessHandle.of(created.pid())).isEmpty();
  }

  @Test
  void whoeverAwaitsTheEndHearsItWhenThePagesAreBack() throws Exception {
    long free = rig.free();
    Creation.Created created = rig.created(rig.image(WAIT));
    CompletableFuture<Long> freeAtTheEnd =
        CompletableFuture.supplyAsync(
            () -> {
              rig.platform.awaitEnd(created.handle());
              return rig.free();
            },
            task -> Thread.ofPlatform().start(task));
    assertThat(freeAtTheEnd).isNotDone();
    ProcessHandle.of(created.pid()).orElseThrow().destroyForcibly();
    assertThat(freeAtTheEnd.get(30, TimeUnit.SECONDS)).isEqualTo(free);
    assertThat(rig.platform.list()).isEmpty();
    rig.platform.awaitEnd("never given");
  }

  @Test
  void endOfFileOnTheDeviceRemovesTheEnclave() throws Exception {
    long free = rig.free();
    Creation.Created created = rig.created(rig.image("device.close()\ntime.sleep(600)\n"));
    rig.waitUntil("pages are back", () -> rig.free() == free);
    assertThat(rig.platform.alive(created.handle())).isFalse();
  }

  @Test
  void aFullEpcRefusesAsEpcAndLeavesNothing() throws Exception {
    Image image = rig.image(WAIT);
    Image large =
        new Image(image.files(), image.values(), image.interpreter(), image.main(), 3900, 7, 3);
    rig.created(large);
    long free = rig.free();
    assertThat(rig.create(large)).isInstanceOf(Creation.OutOfEpc.class);
    assertThat(rig.free()).isEqualTo(free);
    assertThat(rig.platform.list()).hasSize(1);
  }

  @Test
  void aRunningDaemonTakesOverAMicrocodeUpdateAndKeepsOldKeys() throws Exception {
    Image image =
        rig.image(
            """
            request = (4).to_bytes(2, "little") + (1).to_bytes(2, "little") + bytes(508)
            say("before", ask("egetkey", request))
            while ask("report", bytes(512), bytes(64))[5] != 9:
                time.sleep(0.02)
            say("after", ask("egetkey", request))
            """
                + WAIT);
    rig.created(image);
    String before = rig.said("before");
    Machine.change(rig.home.resolve("platform"), old -> old.withMicrocode(9, Instant.now()));
    rig.platform.reload();
    assertThat(rig.said("after")).isEqualTo(before);
  }

  @Test
  void aPeerThatBreaksTheProtocolIsDisconnectedAndNobodyElseNotices() throws Exception {
    rig.created(rig.image(WAIT));
    for (String socket : java.util.List.of("host.sock", "device.sock")) {
      var address =
          java.net.UnixDomainSocketAddress.of(rig.home.resolve("platform").resolve(socket));
      for (String bytes :
          java.util.List.of(
              "00000001ff",
              "ffffffff",
              "0000000181",
              "0000000180",
              "000000028101",
              "00000005814461626364",
              "0000000981676d656173757265")) {
        try (var channel = java.nio.channels.SocketChannel.open(address)) {
          channel.write(Bytes.hex(bytes).buffer());
          channel.shutdownOutput();
          assertThat(isEnded(channel)).as(bytes).isTrue();
        }
      }
    }
    assertThat(rig.platform.list()).hasSize(1);
  }

  /** Closed by the peer; what it had not read makes that a reset. */
  private static boolean isEnded(java.nio.channels.SocketChannel channel) throws IOException {
    try {
      return channel.read(java.nio.ByteBuffer.allocate(1)) < 0;
    } catch (java.net.SocketException reset) {
      return true;
    }
  }

  @Test
  void instancesEndWithTheirDaemonAlsoWhenItIsKilled() throws Exception {
    Process daemon = DaemonProcess.instead(rig);
    try {
      Creation.Created created = rig.created(rig.image(WAIT));
      daemon.destroyForcibly().waitFor();
      rig.waitUntil("it is gone", () -> ProcessHandle.of(created.pid()).isEmpty());
    } finally {
      daemon.destroyForcibly();
    }
  }

  /** One that ran out of descriptors, as under a flood of connections, recovers by itself. */
  @Test
  void aSocketThatCouldNotAcceptForAWhileAcceptsAgain() throws Exception {
    Process daemon = DaemonProcess.instead(rig);
    try {
      EmulatedPlatform client = new EmulatedPlatform(rig.home.resolve("platform"));
      client.headroom();
      DaemonProcess.descriptors(daemon, "3");
      new EmulatedPlatform(rig.home.resolve("platform")).headroom(); // its place was taken before
      rig.waitUntil("it cannot accept", () -> DaemonProcess.log(rig).contains("host socket"));
      DaemonProcess.descriptors(daemon, "256");
      CompletableFuture<?> asked =
          CompletableFuture.supplyAsync(
              new EmulatedPlatform(rig.home.resolve("platform"))::headroom,
              task -> Thread.ofPlatform().daemon().start(task));
      assertThat(asked).succeedsWithin(Duration.ofSeconds(20));
    } finally {
      daemon.destroyForcibly();
    }
  }

  @Test
  void aRenewalThatFailsDoesNotEndTheRenewals() throws Exception {
    Path machine = MachineFile.in(rig.home.resolve("platform"));
    byte[] good = Files.readAllBytes(machine);
    Files.write(machine, new byte[] {1});
    rig.daemon.keepFresh();
    Files.write(machine, good);
    Machine changed =
        Machine.change(rig.home.resolve("platform"), old -> old.reissued(Instant.now()));
    rig.daemon.keepFresh();
    assertThat(rig.daemon.machine().crlNumber()).isEqualTo(changed.crlNumber());
  }

  @Test
  void onlyOneDaemonRunsAMachine() {
    org.assertj.core.api.Assertions.assertThatThrownBy(
            () -> Daemon.start(rig.home.resolve("platform"), 1, java.time.Clock.systemUTC()))
        .hasMessageContaining("another daemon");
  }
}
