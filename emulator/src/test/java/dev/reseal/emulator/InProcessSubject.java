package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Device.QuoteResult;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.Report;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/** The emulator inside this process: driver and untrusted runtime. */
final class InProcessSubject implements Subject {
  private static final Machine MACHINE =
      Machine.make(PlatformIdentity.FIRST_FMSPC, Instant.parse("2026-05-01T00:00:00Z"));

  private final SgxDriver driver =
      new SgxDriver(MACHINE, Knobs.epc(120).withBacking(0), Faults.none());
  private final Urts urts = new Urts(driver);

  private static EnclaveImage image(String variant) {
    return EnclaveImage.of("conformance " + variant, 2, 24, Programs.Keeper::new);
  }

  @Override
  public Outcome create(String variant, String signedAs) {
    return switch (urts.create(image(variant), Programs.sign(image(signedAs)), false)) {
      case Urts.Created.Enclave(long id) -> new Outcome.Alive(new Inhabitant(id));
      case Urts.Created.Failed(SgxStatus status, String detail) ->
          status.isEpcSuspect() ? new Outcome.OutOfEpc(detail) : new Outcome.Refused(detail);
    };
  }

  @Override
  public Optional<Faulty> faulty() {
    return Optional.of(driver);
  }

  @Override
  public OptionalLong free() {
    return OptionalLong.of(driver.freePages());
  }

  @Override
  public void close() {}

  private final class Inhabitant implements Guest {
    private final long id;

    Inhabitant(long id) {
      this.id = id;
    }

    private Bytes call(int function, Bytes input) {
      return switch (urts.ecall(id, function, input)) {
        case Urts.Called.Returned(Bytes output) -> output;
        case Urts.Called.Failed(SgxStatus status) -> throw new Gone(status.name());
      };
    }

    @Override
    public Bytes mrenclave() {
      try {
        return Report.parse(report(Bytes.zeros(512), Bytes.zeros(64))).body().mrEnclave();
      } catch (MalformedException malformed) {
        throw new AssertionError(malformed);
      }
    }

    @Override
    public Bytes egetkey(Bytes keyRequest) {
      return call(Programs.KEY, keyRequest);
    }

    @Override
    public Bytes report(Bytes targetInfo, Bytes reportData) {
      return call(Programs.REPORT, Bytes.concat(targetInfo, reportData));
    }

    @Override
    public Bytes quote(Bytes reportData) {
      try {
        Bytes report = report(driver.quotingTarget().encode(), reportData);
        return switch (driver.quote(Report.parse(report))) {
          case QuoteResult.Quote(Bytes quote) -> quote;
          case QuoteResult.Unavailable(String detail) -> throw new NoQuote(detail);
        };
      } catch (MalformedException malformed) {
        throw new AssertionError(malformed);
      }
    }

    @Override
    public void put(Bytes secret) {
      call(Programs.PUT, secret);
    }

    @Override
    public Bytes get() {
      return call(Programs.GET, Bytes.EMPTY);
    }

    @Override
    public void destroy() {
      urts.destroy(id);
    }
  }
}
