package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.platform.Platform;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.wire.Cbor;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** One instance: its process, its identity after EINIT, and the one session on the device. */
final class InstanceProcess {
  private final String handle;
  private final EnclaveIdentity identity;
  private final Path logs;
  private final Process process;
  private final Bytes tokenHash;
  private final CountDownLatch openedOrEnded = new CountDownLatch(1);
  private final CountDownLatch over = new CountDownLatch(1);
  private Optional<Runnable> session = Optional.empty();
  private boolean used;
  private boolean ended;
  private volatile boolean lost;

  InstanceProcess(
      String handle, EnclaveIdentity identity, Path logs, Process process, Secret token) {
    this.handle = handle;
    this.identity = identity;
    this.logs = logs;
    this.process = process;
    this.tokenHash = token.use(bytes -> Bytes.of(bytes).sha256());
  }

  /** Starts the interpreter, isolated and with an empty environment, on the image's boot stub. */
  static Process spawn(ImageStore.Ready ready, Path logs) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            ready.interpreter().program().toString(),
            "-I",
            "-S",
            "-B",
            "-X",
            "pycache_prefix=" + Bytecode.folder(ready.root()),
            ready.root().resolve(Manifest.BOOT).toString());
    builder.environment().clear();
    builder.directory(ready.root().toFile());
    builder.redirectOutput(Redirect.appendTo(logs.resolve("stdout.log").toFile()));
    builder.redirectError(Redirect.appendTo(logs.resolve("stderr.log").toFile()));
    return builder.start();
  }

  /** Writes the launch message (transport T3) and ends standard input. */
  void tell(Secret token, Path device, SortedMap<String, String> advice) {
    TreeMap<String, Cbor> all = new TreeMap<>();
    advice.forEach((name, value) -> all.put(name, Cbor.of(value)));
    all.put("device", Cbor.of(device.toString()));
    Bytes body = new Cbor.Dict((Map<String, Cbor>) all).encode(Cbor.Profile.VALUES);
    try (OutputStream out = process.getOutputStream()) {
      byte[] message = new byte[token.size() + 4 + body.size()];
      ByteBuffer fill = ByteBuffer.wrap(message);
      token.with(fill::put);
      fill.putInt(body.size()).put(body.buffer());
      out.write(message);
      java.util.Arrays.fill(message, (byte) 0);
    } catch (IOException gone) {
      // A process that is gone already is found by whoever waits for it to open its device.
      process.destroyForcibly();
    }
  }

  String handle() {
    return handle;
  }

  EnclaveIdentity identity() {
    return identity;
  }

  Platform.Instance announced() {
    return new Platform.Instance(handle, identity.mrEnclave(), process.pid(), logs);
  }

  boolean isTokenHash(Bytes shown) {
    return MessageDigest.isEqual(shown.toArray(), tokenHash.toArray());
  }

  /** The one use of the token, by the process with {@code pid}. */
  synchronized Launch open(long pid) {
    if (pid != process.pid()) {
      return Launch.WRONG_PROCESS;
    }
    if (used) {
      return Launch.USED_TOKEN;
    }
    if (ended) {
      return Launch.UNKNOWN_TOKEN;
    }
    used = true;
    return new Launch.Opened(this);
  }

  /** The session is up; {@code end} ends it from outside. False if the instance is gone already. */
  synchronized boolean serving(Runnable end) {
    if (ended) {
      return false;
    }
    session = Optional.of(end);
    openedOrEnded.countDown();
    return true;
  }

  /** Waits for the device session; false when it does not come or the process ends first. */
  boolean waitUntilOpen(long time, TimeUnit unit) {
    try {
      return openedOrEnded.await(time, unit) && isOpen();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private synchronized boolean isOpen() {
    return session.isPresent() && !ended;
  }

  /** The process is gone: no later request of this session is answered. */
  synchronized void ended() {
    ended = true;
    session.ifPresent(Runnable::run);
    openedOrEnded.countDown();
  }

  /** A power transition: nothing of the enclave can be read again, by anybody. */
  void lose() {
    lost = true;
    try {
      Files.writeString(
          logs.resolve("stderr.log"),
          "platform: ENCLAVE_LOST (power transition), instance " + handle + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException unwritable) {
      System.getLogger("reseal.platform")
          .log(System.Logger.Level.WARNING, "the loss of " + handle + " is in no log", unwritable);
    }
    kill();
  }

  boolean isLost() {
    return lost;
  }

  /** Threads of the process, 0 once it is gone. */
  long threads() {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
      return tasks.count();
    } catch (IOException gone) {
      return 0;
    }
  }

  /** It is listed no more and its pages are back. */
  void over() {
    over.countDown();
  }

  void awaitOver() {
    try {
      over.await();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  /** SIGKILL, also for what it may have started; the pages return when it is gone. */
  void kill() {
    if (hasChildren()) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
    }
    process.destroyForcibly();
  }

  /** Asked of the kernel first, since finding descendants reads every process of the machine. */
  private boolean hasChildren() {
    Path tasks = Path.of("/proc", Long.toString(process.pid()), "task");
    try (DirectoryStream<Path> each = Files.newDirectoryStream(tasks)) {
      for (Path task : each) {
        if (!Files.readString(task.resolve("children")).isEmpty()) {
          return true;
        }
      }
      return false;
    } catch (IOException | DirectoryIteratorException unknown) {
      return true;
    }
  }
}
