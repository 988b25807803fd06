package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform;
import dev.reseal.platform.Refusal;
import dev.reseal.sgx.EnclaveIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * The live instances of a daemon: each a process that it started, EPC pages, and a launch token
 * that one connection of that very process may use once.
 */
final class Instances implements AutoCloseable {
  private static final int TOKEN_SIZE = 32;
  private static final int SECONDS_TO_OPEN = 30;

  private final ImageStore images;
  private final EpcPool epc;
  private final Conditions conditions;
  private final Path device;
  private final Map<String, InstanceProcess> live = new ConcurrentHashMap<>();

  /** Starts every process: the kernel sends the parent's death when this very thread ends. */
  private final ExecutorService parent =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("parent").factory());

  Instances(ImageStore images, EpcPool epc, Conditions conditions, Path device) {
    this.images = images;
    this.epc = epc;
    this.conditions = conditions;
    this.device = device;
  }

  /** ECREATE to EINIT and the first instruction; on any failure nothing is left. */
  InstanceProcess create(Image image, Bytes sigstruct, SortedMap<String, String> advice, Path logs)
      throws RefusedException {
    EnclaveIdentity identity = SignedImage.identity(sigstruct, image, advice);
    conditions.passDriver();
    ImageStore.Ready ready = images.ready(image, identity.mrEnclave());
    String handle = random(8);
    long pages = ready.measured().epcPages();
    Optional<Long> evicted = epc.take(handle, pages);
    if (evicted.isEmpty()) {
      throw new RefusedException(
          Refusal.EPC,
          "instance needs "
              + pages
              + " EPC pages, "
              + epc.free()
              + " of "
              + epc.total()
              + " are free; destroy another instance or wait for one to end");
    }
    conditions.waitForPaging(evicted.get());
    try {
      return start(handle, identity, ready, advice, logs);
    } catch (IOException failed) {
      epc.giveBack(handle);
      throw new RefusedException(Refusal.STILLBORN, "process does not start: " + failed);
    }
  }

  private InstanceProcess start(
      String handle,
      EnclaveIdentity identity,
      ImageStore.Ready ready,
      SortedMap<String, String> advice,
      Path logs)
      throws IOException, RefusedException {
    try (Secret token = Secret.random(TOKEN_SIZE)) {
      Process process = spawn(ready, logs);
      InstanceProcess instance = new InstanceProcess(handle, identity, logs, process, token);
      live.put(handle, instance);
      var _ = process.onExit().thenRun(() -> removed(instance));
      instance.tell(token, device, advice);
      if (!instance.waitUntilOpen(SECONDS_TO_OPEN, TimeUnit.SECONDS)) {
        instance.kill();
        throw new RefusedException(
            Refusal.STILLBORN,
            instance.isLost()
                ? "ENCLAVE_LOST: a power transition came before the device was open"
                : "instance did not open its device; its words are in "
                    + logs.resolve("stderr.log"));
      }
      return instance;
    }
  }

  private Process spawn(ImageStore.Ready ready, Path logs) throws IOException {
    try {
      return parent.submit(() -> InstanceProcess.spawn(ready, logs)).get();
    } catch (ExecutionException failed) {
      throw new IOException(failed.getCause());
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while starting a process", stop);
    }
  }

  /**
   * EREMOVE: the session ends and the pages return, once the process is really gone. Whoever no
   * longer finds the instance finds its pages free.
   */
  private void removed(InstanceProcess instance) {
    conditions.giveBack(instance.handle());
    live.remove(instance.handle(), instance);
    instance.ended();
    instance.over();
  }

  /** The instance whose unused token this is and whose process asks; else the reason. */
  Launch launch(Bytes token, long pid) {
    Bytes shown = token.sha256();
    for (InstanceProcess instance : live.values()) {
      if (instance.isTokenHash(shown)) {
        return instance.open(pid);
      }
    }
    return Launch.UNKNOWN_TOKEN;
  }

  /** Returns when the pages of the instance that were evicted are back, as far as they can be. */
  void use(InstanceProcess instance) {
    conditions.use(instance.handle());
  }

  void destroy(String handle) {
    InstanceProcess instance = live.get(handle);
    if (instance != null) {
      conditions.holdUpDestroy();
      instance.kill();
    }
  }

  /** The EPC loses its keys: every enclave is lost, and with it the memory of its process. */
  void powerTransition() {
    live.values().forEach(InstanceProcess::lose);
  }

  /** Returns when the instance is over; interrupted, it leaves the interrupt to its caller. */
  void awaitEnd(String handle) {
    find(handle).ifPresent(InstanceProcess::awaitOver);
  }

  Optional<InstanceProcess> find(String handle) {
    return Optional.ofNullable(live.get(handle));
  }

  List<Platform.Instance> list() {
    return live.values().stream().map(InstanceProcess::announced).sorted(BY_HANDLE).toList();
  }

  private static final java.util.Comparator<Platform.Instance> BY_HANDLE =
      java.util.Comparator.comparing(Platform.Instance::handle);

  @Override
  public void close() {
    live.values().forEach(InstanceProcess::kill);
    parent.shutdown();
  }

  private static String random(int size) {
    try (Secret random = Secret.random(size)) {
      return random.use(Bytes::of).toHex();
    }
  }
}
