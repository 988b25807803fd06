package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Checkout;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform;
import dev.reseal.platform.Platform.Creation;
import dev.reseal.platform.Platform.Measured;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.SigStruct;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/** A machine with its daemon and a small Python application on it, all real, in a short path. */
final class Rig implements AutoCloseable {
  static final int HEAP = 64;
  private static final Path PYTHON = realPython();

  /** What the application begins with: one request on the device, answered or refused. */
  private static final String PRELUDE =
      """
      import socket, sys, time
      from reseal import _launch
      device = socket.socket(fileno=_launch.device_fd)
      def head(major, n):
          if n < 24:
              return bytes([major << 5 | n])
          size = 1 if n < 256 else 2
          return bytes([major << 5 | 23 + size]) + n.to_bytes(size, "big")
      def ask(verb, *blobs):
          body = head(4, 1 + len(blobs)) + head(3, len(verb)) + verb.encode()
          body += b"".join(head(2, len(blob)) + blob for blob in blobs)
          device.sendall(len(body).to_bytes(4, "big") + body)
          size = int.from_bytes(device.recv(4, socket.MSG_WAITALL), "big")
          return device.recv(size, socket.MSG_WAITALL)
      def say(name, value):
          print(name, value.hex() if isinstance(value, bytes) else value, flush=True)
      """;

  final Path home;
  final Path sources;
  final Path logs;
  final Daemon daemon;
  final EmulatedPlatform platform;

  Rig(int epcPages) throws IOException {
    this(Knobs.epc(epcPages).withBacking(0), Faults.none());
  }

  Rig(Knobs knobs, Faults faults) throws IOException {
    home = Files.createTempDirectory("rig");
    sources = Files.createDirectories(home.resolve("src"));
    logs = Files.createDirectories(home.resolve("logs"));
    Machine.init(home.resolve("platform"), PlatformIdentity.FIRST_FMSPC, Instant.now());
    daemon = Daemon.start(home.resolve("platform"), knobs, faults, Clock.systemUTC());
    platform = new EmulatedPlatform(home.resolve("platform"));
  }

  /** An image whose application is {@code code} after the prelude. */
  Image image(String code) throws IOException {
    Path app = Files.writeString(sources.resolve("app.py"), PRELUDE + code);
    Path init = Files.writeString(sources.resolve("init.py"), "");
    TreeMap<String, Path> files = new TreeMap<>();
    files.put(Manifest.BOOT, sdk().resolve("boot.py"));
    files.put("site/reseal/_launch.py", sdk().resolve("_launch.py"));
    files.put("site/reseal/__init__.py", init);
    files.put("app/app.py", app);
    return new Image(files, new TreeMap<>(), python(), "app/app.py", HEAP, 7, 3);
  }

  Bytes measure(Image image) {
    return switch (platform.measure(image)) {
      case Measured.Measurement(Bytes mrenclave) -> mrenclave;
      case Measured.Refused refused -> throw new AssertionError(refused);
    };
  }

  Bytes sign(Image image) {
    return sign(measure(image), image);
  }

  /** Signed with these attributes, all of which an instance must then have. */
  Bytes sign(Image image, Attributes attributes) {
    SigStruct.Body plain =
        SigStruct.Body.of(measure(image), image.isvProdId(), image.isvSvn(), 0x20260101);
    return SigStruct.sign(
            new SigStruct.Body(
                false,
                false,
                plain.date(),
                0,
                0,
                -1,
                plain.isvFamilyId(),
                attributes,
                plain.attributeMask(),
                plain.enclaveHash(),
                plain.isvExtProdId(),
                plain.isvProdId(),
                plain.isvSvn()),
            Programs.SIGNER)
        .encode();
  }

  static Bytes sign(Bytes mrenclave, Image image) {
    SigStruct.Body body =
        SigStruct.Body.of(mrenclave, image.isvProdId(), image.isvSvn(), 0x20260101);
    return SigStruct.sign(body, Programs.SIGNER).encode();
  }

  Creation create(Image image) {
    return create(image, sign(image));
  }

  Creation create(Image image, Bytes sigstruct) {
    return platform.create(image, sigstruct, advice(), logs);
  }

  Creation.Created created(Image image) {
    return switch (create(image)) {
      case Creation.Created created -> created;
      case Creation.OutOfEpc(String detail) -> throw new AssertionError(detail);
      case Creation.Refused refused -> throw new AssertionError(refused + said());
    };
  }

  static SortedMap<String, String> advice() {
    return new TreeMap<>(java.util.Map.of("endpoint", "http://127.0.0.1:1/i/x"));
  }

  /** The value that the application printed after {@code name}; waits for it. */
  String said(String name) {
    waitUntil("the application says " + name, () -> line(name).isPresent());
    return line(name).orElseThrow();
  }

  private java.util.Optional<String> line(String name) {
    return said()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> line.substring(name.length() + 1))
        .findFirst();
  }

  String said() {
    try {
      StringBuilder all = new StringBuilder();
      for (String file : List.of("stdout.log", "stderr.log")) {
        Path log = logs.resolve(file);
        all.append(Files.exists(log) ? Files.readString(log) : "");
      }
      return all.toString();
    } catch (IOException unreadable) {
      throw new AssertionError(unreadable);
    }
  }

  void waitUntil(String what, BooleanSupplier holds) {
    Instant end = Instant.now().plus(Duration.ofSeconds(20));
    while (!holds.getAsBoolean()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError("waited in vain until " + what + "; it said: " + said());
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException stop) {
        throw new AssertionError(stop);
      }
    }
  }

  long free() {
    return ((Platform.Headroom.Pages) platform.headroom()).free();
  }

  static Path sdk() {
    return Checkout.file("python/reseal");
  }

  /** The real program behind {@code python3}. */
  static Path python() {
    return PYTHON;
  }

  private static Path realPython() {
    try {
      Process ask =
          new ProcessBuilder(
                  "python3", "-c", "import os,sys;print(os.path.realpath(sys.executable))")
              .start();
      return Path.of(
          new String(ask.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
              .strip());
    } catch (IOException missing) {
      throw new UncheckedIOException("no python3 to run instances with", missing);
    }
  }

  @Override
  public void close() throws IOException {
    daemon.close();
    Trees.delete(home);
  }
}
