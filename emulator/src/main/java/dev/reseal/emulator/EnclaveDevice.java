package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.PlatformException;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.Report;
import dev.reseal.sgx.SigStruct;
import dev.reseal.sgx.TargetInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * The device of a Java enclave program: an enclave of this process, whose leaves it executes. Once
 * the enclave is lost or destroyed every call throws {@link PlatformException}.
 */
public final class EnclaveDevice implements ParsedDevice {
  private final SgxDriver driver;
  private final Urts urts;
  private final long id;
  private final Leaves leaves;
  private final EnclaveIdentity identity;

  private EnclaveDevice(SgxDriver driver, Urts urts, long id, Leaves leaves) {
    this.driver = driver;
    this.urts = urts;
    this.id = id;
    this.leaves = leaves;
    this.identity = enter("EENTER", Trusted::identity);
  }

  /** The result of {@link #create}. */
  public sealed interface Created {
    record Enclave(EnclaveDevice device) implements Created {}

    record Failed(SgxStatus status, String detail) implements Created {}
  }

  /**
   * Creates an enclave of the pages of {@code image}; what it runs is the program that asks this
   * device, and not the image's.
   */
  public static Created create(SgxDriver driver, EnclaveImage image, SigStruct sigStruct) {
    Urts urts = new Urts(driver);
    Leaves leaves = new Leaves();
    EnclaveImage held = new EnclaveImage(image.size(), image.pages(), () -> leaves);
    return switch (urts.create(held, sigStruct, false)) {
      case Urts.Created.Enclave(long id) ->
          new Created.Enclave(new EnclaveDevice(driver, urts, id, leaves));
      case Urts.Created.Failed(SgxStatus status, String detail) ->
          new Created.Failed(status, detail);
    };
  }

  private interface Leaf<T> {
    T execute(Trusted inside) throws EnclaveFault;
  }

  /** Runs inside what is next; keys go to the program around it, which counts as trusted code. */
  private static final class Leaves implements TrustedProgram {
    private Leaf<?> next = Trusted::identity;

    @Override
    public Bytes ecall(int function, Bytes input, Trusted inside) throws EnclaveFault {
      next.execute(inside);
      return Bytes.EMPTY;
    }
  }

  private synchronized <T> T enter(String call, Leaf<T> leaf) {
    List<T> result = new ArrayList<>();
    leaves.next = inside -> result.add(leaf.execute(inside));
    return switch (urts.ecall(id, 0, Bytes.EMPTY)) {
      case Urts.Called.Returned _ -> result.getFirst();
      case Urts.Called.Failed(SgxStatus status) -> throw new PlatformException(call, status.name());
    };
  }

  /** What EINIT made of image and signature. */
  public EnclaveIdentity identity() {
    return identity;
  }

  @Override
  public Bytes mrenclave() {
    return identity.mrEnclave();
  }

  @Override
  public KeyResult egetkey(KeyRequest request) {
    return enter("egetkey", inside -> inside.egetkey(request));
  }

  @Override
  public Report report(TargetInfo target, Bytes reportData) {
    return enter("report", inside -> inside.ereport(target, reportData));
  }

  @Override
  public QuoteResult quote(Bytes reportData) {
    return driver.quote(report(driver.quotingTarget(), reportData));
  }

  /** Destroys the enclave; again, it does nothing. */
  @Override
  public void close() {
    urts.destroy(id);
  }
}
