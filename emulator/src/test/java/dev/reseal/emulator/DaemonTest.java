package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform.Creation;
import dev.reseal.platform.Refusal;
import dev.reseal.sgx.ReportBody;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real processes on a real daemon (spec 22.3), and each refusal of it. */
class DaemonTest {
  private static final String WAIT = "say('ready', 1)\ntime.sleep(600)\n";
  private Rig rig;

  @BeforeEach
  void startPlatform() throws IOException {
    rig = new Rig(4096);
  }

  @AfterEach
  void stopPlatform() throws IOException {
    rig.close();
  }

  @Test
  void anInstanceGetsKeyReportAndQuoteOfItsOwnMeasurement() throws Exception {
    Image image =
        rig.image(
            """
            say("mrenclave", _launch.mrenclave)
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
  void aChangedSourceIsRefusedBecauseItIsNotWhatWasSigned() throws Exception {
    Image image = rig.image(WAIT);
    Bytes sigstruct = rig.sign(image);
    Files.writeString(rig.sources.resolve("app.py"), "print('other')\n");
    assertRefused(rig.create(image, sigstruct), Refusal.SIGSTRUCT);
    assertThat(rig.platform.list()).isEmpty();
  }

  @Test
  void aChangedSourceDoesNotReachAnImageThatWasCopied() throws Exception {
    Image image = rig.image(WAIT);
    Bytes sigstruct = rig.sign(image);
    rig.platform.destroy(((Creation.Created) rig.create(image, sigstruct)).handle());
    Files.writeString(rig.sources.resolve("app.py"), "print('other')\n");
    assertThat(rig.create(image, sigstruct)).isInstanceOf(Creation.Created.class);
  }

  @Test
  void aChangedCopyIsRefusedByName() throws Exception {
    Image image = rig.image(WAIT);
    Bytes sigstruct = rig.sign(image);
    rig.create(image, sigstruct);
    Path copy = copyOf(image).resolve("app/app.py");
    Files.setPosixFilePermissions(
        copy, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    Files.writeString(copy, "print('evil')\n");
    assertThat(assertRefused(rig.create(image, sigstruct), Refusal.IMAGE_CHANGED))
        .contains("app/app.py");
  }

  @Test
  void changedBytecodeIsRefused() throws Exception {
    Image image = rig.image(WAIT);
    Bytes sigstruct = rig.sign(image);
    rig.create(image, sigstruct);
    Path one;
    try (var all = Files.walk(Bytecode.folder(copyOf(image)))) {
      one = all.filter(Files::isRegularFile).findFirst().orElseThrow();
    }
    Files.setPosixFilePermissions(
        one, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    byte[] content = Files.readAllBytes(one);
    content[content.length - 1] ^= 1;
    Files.write(one, content);
    assertRefused(rig.create(image, sigstruct), Refusal.IMAGE_CHANGED);
  }

  @Test
  void aChangedInterpreterIsRefused() throws Exception {
    Path real = Rig.python();
    Path copy = rig.home.resolve("py/bin/python3");
    Path library = real.resolveSibling("../lib").normalize();
    Files.createDirectories(rig.home.resolve("py/bin"));
    Files.copy(real, copy);
    Files.createSymbolicLink(rig.home.resolve("py/lib"), library);
    Image plain = rig.image(WAIT);
    Image image = new Image(plain.files(), plain.values(), copy, plain.main(), Rig.HEAP, 7, 3);
    Bytes sigstruct = rig.sign(image);
    assertThat(rig.create(image, sigstruct)).isInstanceOf(Creation.Created.class);
    rig.platform.list().forEach(one -> rig.platform.destroy(one.handle()));
    rig.waitUntil("none lives", () -> rig.platform.list().isEmpty());
    Files.write(copy, new byte[] {0}, java.nio.file.StandardOpenOption.APPEND);
    assertRefused(rig.create(image, sigstruct), Refusal.INTERPRETER_CHANGED);
  }

  @Test
  void aSigstructThatDoesNotVerifyIsRefused() throws Exception {
    Image image = rig.image(WAIT);
    byte[] forged = rig.sign(image).toArray();
    forged[600] ^= 1;
    assertRefused(rig.create(image, Bytes.wrap(forged)), Refusal.SIGSTRUCT);
    Bytes other = Rig.sign(Bytes.zeros(32), image);
    assertRefused(rig.create(image, other), Refusal.SIGSTRUCT);
  }

  @Test
  void aSecondConnectionOfTheInstanceIsRefused() throws Exception {
    rig.created(
        rig.image(
            """
            other = socket.socket(socket.AF_UNIX)
            other.connect(_launch.advice["device"])
            body = b"\\x82\\x66launch\\x58\\x20" + bytes(32)
            other.sendall(len(body).to_bytes(4, "big") + body)
            say("second", other.recv(200)[4:])
            """
                + WAIT));
    assertThat(rig.said("second")).startsWith("8319012e");
  }

  @Test
  void aTokenServesOneConnectionOfOneProcess() throws Exception {
    Bytes token = Bytes.ascii("t".repeat(32));
    Process process = new ProcessBuilder("sleep", "600").start();
    try (var secret = dev.reseal.bytes.Secret.own(token.toArray())) {
      InstanceProcess instance = new InstanceProcess("h", Quoting.QE, rig.logs, process, secret);
      assertThat(instance.isTokenHash(token.sha256())).isTrue();
      assertThat(instance.open(process.pid() + 1)).isEqualTo(Launch.WRONG_PROCESS);
      assertThat(instance.open(process.pid())).isInstanceOf(Launch.Opened.class);
      assertThat(instance.open(process.pid())).isEqualTo(Launch.USED_TOKEN);
    } finally {
      process.destroyForcibly();
    }
  }

  /** A boot stub that lets its token be stolen, which the real one does not. */
  private static final String CARELESS_BOOT =
      """
      import sys, os, time, _socket
      token = sys.stdin.buffer.read(32)
      body = sys.stdin.buffer.read()
      at = body.index(b"device") + 6
      path = body[at + 2 : at + 2 + body[at + 1]] if body[at] == 0x78 else body[at + 1 : at + 1 + body[at] - 0x60]
      with open("HOME/token", "wb") as out:
          out.write(token)
      while not os.path.exists("HOME/go"):
          time.sleep(0.01)
      def launch():
          link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
          link.connect(path.decode())
          request = b"\\x82\\x66launch\\x58\\x20" + token
          link.sendall(len(request).to_bytes(4, "big") + request)
          return link, link.recv(300)[4:]
      first, answer = launch()
      print("first", answer.hex(), flush=True)
      second, answer = launch()
      print("second", answer.hex(), flush=True)
      time.sleep(600)
      """;

  @Test
  void aStolenTokenAndASecondUseAreRefusedToRealProcesses() throws Exception {
    Image image = rig.image(WAIT);
    java.util.TreeMap<String, Path> files = new java.util.TreeMap<>(image.files());
    String code = CARELESS_BOOT.replace("HOME", rig.home.toString());
    files.put(Manifest.BOOT, Files.writeString(rig.sources.resolve("careless.py"), code));
    Image careless = image.withFiles(files);
    Bytes sigstruct = rig.sign(careless);
    var creating =
        java.util.concurrent.CompletableFuture.supplyAsync(() -> rig.create(careless, sigstruct));
    Path stolen = rig.home.resolve("token");
    rig.waitUntil("the token lies open", () -> stolen.toFile().length() == 32);
    assertThat(launchAsThisProcess(Bytes.wrap(Files.readAllBytes(stolen)))).isEqualTo(304);
    assertThat(launchAsThisProcess(Bytes.zeros(32))).isEqualTo(302);
    Files.createFile(rig.home.resolve("go"));
    assertThat(creating.get()).isInstanceOf(Creation.Created.class);
    assertThat(rig.said("first")).startsWith("82005820");
    assertThat(rig.said("second")).startsWith("8319012f");
    assertThat(rig.platform.list()).hasSize(1);
  }

  /** What the device answers when this JVM shows a token. */
  private long launchAsThisProcess(Bytes token) throws IOException {
    var address = java.net.UnixDomainSocketAddress.of(rig.home.resolve("platform/device.sock"));
    try (var channel = java.nio.channels.SocketChannel.open(address)) {
      dev.reseal.wire.Frames.write(
          java.nio.channels.Channels.newOutputStream(channel),
          dev.reseal.wire.Cbor.array(
              dev.reseal.wire.Cbor.of("launch"), dev.reseal.wire.Cbor.of(token)));
      var answer = dev.reseal.wire.Frames.read(java.nio.channels.Channels.newInputStream(channel));
      return dev.reseal.wire.Fields.ofArray(answer.orElseThrow(), "answer").uint(0);
    }
  }

  @Test
  void anInstanceThatFailsBeforeItsDeviceIsOpenLeavesNothing() throws Exception {
    long free = rig.free();
    Image image = rig.image(WAIT);
    java.util.TreeMap<String, Path> files = new java.util.TreeMap<>(image.files());
    files.put(
        "site/reseal/_launch.py",
        Files.writeString(rig.sources.resolve("bad.py"), "raise SystemExit('broken')\n"));
    String detail = assertRefused(rig.create(image.withFiles(files)), Refusal.STILLBORN);
    assertThat(detail).contains("stderr.log");
    assertThat(rig.said()).contains("broken");
    rig.waitUntil("pages are back", () -> rig.free() == free);
  }

  @Test
  void importsFromOutsideTheManifestAreRefused() throws Exception {
    Path outside = Files.createDirectories(rig.home.resolve("outside"));
    Files.writeString(outside.resolve("foreign.py"), "print('foreign ran')\n");
    rig.created(
        rig.image(
            """
            def attempt(name, action):
                try:
                    action()
                    say(name, "ALLOWED")
                except BaseException as refused:
                    say(name, type(refused).__name__)
            outside = "%s"
            sys.path.insert(0, outside)
            import os, runpy, subprocess, ctypes
            attempt("import", lambda: __import__("foreign"))
            attempt("run", lambda: runpy.run_path(outside + "/foreign.py"))
            attempt("compile", lambda: compile("1", outside + "/foreign.py", "exec"))
            attempt("dlopen", lambda: ctypes.CDLL("libm.so.6"))
            attempt("spawn", lambda: subprocess.run(["/bin/true"]))
            attempt("system", lambda: os.system("true"))
            attempt("exec", lambda: os.execv("/bin/true", ["true"]))
            """
                    .formatted(outside)
                + WAIT));
    rig.said("ready");
    for (String name :
        java.util.List.of("import", "run", "compile", "dlopen", "spawn", "system", "exec")) {
      assertThat(rig.said(name)).as(name).isEqualTo("Refused");
    }
    assertThat(rig.said()).doesNotContain("foreign ran");
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
    Machine.change(
        rig.home.resolve("platform"), old -> old.withMicrocode(9, java.time.Instant.now()));
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
    rig.daemon.close();
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process daemon =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                path,
                DaemonProcess.class.getName(),
                rig.home.resolve("platform").toString())
            .redirectError(rig.home.resolve("daemon.log").toFile())
            .start();
    try {
      assertThat(daemon.inputReader(java.nio.charset.StandardCharsets.UTF_8).readLine())
          .isEqualTo("ready");
      Creation.Created created = rig.created(rig.image(WAIT));
      daemon.destroyForcibly().waitFor();
      rig.waitUntil("it is gone", () -> ProcessHandle.of(created.pid()).isEmpty());
    } finally {
      daemon.destroyForcibly();
    }
  }

  /** A daemon in a process of its own, so that it can be killed. */
  static final class DaemonProcess {
    private DaemonProcess() {}

    public static void main(String[] arguments) throws Exception {
      try (Daemon _ = Daemon.start(Path.of(arguments[0]), 4096, java.time.Clock.systemUTC())) {
        System.out.println("ready");
        new java.util.concurrent.CountDownLatch(1).await();
      }
    }
  }

  @Test
  void onlyOneDaemonRunsAMachine() {
    org.assertj.core.api.Assertions.assertThatThrownBy(
            () -> Daemon.start(rig.home.resolve("platform"), 1, java.time.Clock.systemUTC()))
        .hasMessageContaining("another daemon");
  }

  private Path copyOf(Image image) {
    return rig.home.resolve("platform/images").resolve(rig.measure(image).toHex());
  }

  private static String assertRefused(Creation creation, Refusal rule) {
    assertThat(creation).isInstanceOf(Creation.Refused.class);
    Creation.Refused refused = (Creation.Refused) creation;
    assertThat(refused.rule()).as(refused.detail()).isEqualTo(rule);
    return refused.detail();
  }
}
