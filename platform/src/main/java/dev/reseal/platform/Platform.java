package dev.reseal.platform;

import dev.reseal.bytes.Bytes;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;

/**
 * What runs instances, as the host sees it (spec 22.1). An implementation must guarantee that only
 * measured code runs, that a failed {@link #create} leaves nothing behind, and that after {@link
 * #destroy} nothing of an instance can be reached (spec 22.2).
 *
 * <p>Every method throws {@link PlatformException} when the platform cannot be reached or breaks
 * its own protocol.
 */
public interface Platform {
  /** What this platform is; constant for its life. */
  PlatformInfo info();

  /** The MRENCLAVE (32 bytes) of the image as its files are now, without running it. */
  Measured measure(Image image);

  /**
   * Starts an instance of exactly that image, or nothing.
   *
   * @param sigstruct the 1808 bytes that sign the measurement
   * @param advice hints for the instance (transport T3); the platform adds its own
   * @param logs existing directory for the instance's stdout and stderr
   */
  Creation create(Image image, Bytes sigstruct, SortedMap<String, String> advice, Path logs);

  /**
   * Ends an instance. Idempotent, also for handles it never gave; returns before the resources are
   * back: {@link #headroom} says when.
   */
  void destroy(String handle);

  Headroom headroom();

  /** Every instance that is alive, also those that an earlier process of the caller created. */
  List<Instance> list();

  boolean alive(String handle);

  /** Returns when the instance is over and its resources are back; at once for one that is. */
  void awaitEnd(String handle);

  /** The result of {@link #measure}. */
  sealed interface Measured {
    record Measurement(Bytes mrenclave) implements Measured {}

    record Refused(Refusal rule, String detail) implements Measured {}
  }

  /** The result of {@link #create}. */
  sealed interface Creation {
    record Created(String handle, Bytes mrenclave, long pid) implements Creation {}

    /** Every cause of EPC pressure; waiting or destroying something may help. */
    record OutOfEpc(String detail) implements Creation {}

    record Refused(Refusal rule, String detail) implements Creation {}
  }

  /** EPC pages that are free now. */
  sealed interface Headroom {
    record Pages(long free, long total) implements Headroom {}

    /** The platform does not tell; the mainline driver does not. */
    record Unknown() implements Headroom {}
  }

  /** One live instance. */
  record Instance(String handle, Bytes mrenclave, long pid, Path logs) {}
}
