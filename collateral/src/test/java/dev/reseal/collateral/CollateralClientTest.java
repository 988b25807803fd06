package dev.reseal.collateral;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.collateral.TestService.Fault;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.quote.Origin;
import dev.reseal.quote.P256;
import dev.reseal.quote.Tee;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.quote.Verifier;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class CollateralClientTest {
  private static final FetchLimits LIMITS =
      new FetchLimits(Duration.ofSeconds(2), Duration.ofMillis(1500), 1 << 20);
  private static final FetchRequest REQUEST =
      new FetchRequest(
          new Origin(Tee.SGX, Bytes.hex("00906ed50000"), Origin.Authority.PLATFORM),
          FetchRequest.Channel.STANDARD);
  private static final Instant AT = Instant.parse("2026-05-10T12:00:00Z");

  @TempDir private Path folder;
  private OwnCases cases;
  private Collateral good;
  private Verifier verifier;

  @BeforeEach
  void read() throws Exception {
    cases = OwnCases.read();
    good = cases.collateral("good");
    verifier = verifier("good");
  }

  private Verifier verifier(String name) throws MalformedException {
    return Verifier.of(P256.ofJdk(), TrustAnchors.ofPem(cases.root(name)));
  }

  private CollateralClient client(Instant at, Endpoint... endpoints) {
    return CollateralClient.cached(
        List.of(endpoints),
        folder,
        verifier,
        LIMITS,
        new ServerTrust.Known(),
        InstantSource.fixed(at));
  }

  private Fetched fetch(Instant at, Endpoint... endpoints)
      throws IOException, InterruptedException {
    try (CollateralClient client = client(at, endpoints)) {
      return client.fetch(REQUEST);
    }
  }

  /** A larger part could go into no proof. */
  @Test
  void aPartIsReadUpToTheSizeThatAProofCanHold() throws Exception {
    Path part = folder.resolve(Part.ROOT_CA_CRL.fileName());
    Files.write(part, new byte[Collateral.MOST_PART]);
    assertThat(CollateralFiles.load(folder).part(Part.ROOT_CA_CRL)).isPresent();
    Files.write(part, new byte[Collateral.MOST_PART + 1]);
    assertThatThrownBy(() -> CollateralFiles.load(folder)).hasMessageContaining("more than");
  }

  @Test
  void everyPartIsFetchedAndTheQuoteIsJudgedByIt() throws Exception {
    try (TestService service = new TestService(good, Fault.NONE)) {
      Fetched fetched = fetch(AT, service.endpoint());
      assertThat(fetched).isInstanceOf(Fetched.Fresh.class);
      Collateral collateral = ((Fetched.Fresh) fetched).collateral();
      assertThat(collateral).isEqualTo(good);
      assertThat(verifier.verify(cases.quote("good"), collateral, AT))
          .isEqualTo(verifier.verify(cases.quote("good"), good, AT));
      assertThat(service.asked)
          .containsExactly(
              "/sgx/certification/v4/tcb?fmspc=00906ed50000&update=standard",
              "/sgx/certification/v4/qe/identity?update=standard",
              "/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
              "/sgx/certification/v4/rootcacrl");
    }
  }

  @Test
  void theEarlyChannelIsAskedForByName() throws Exception {
    try (TestService service = new TestService(good, Fault.NONE);
        CollateralClient client = client(AT, service.endpoint())) {
      client.fetch(new FetchRequest(REQUEST.origin(), FetchRequest.Channel.EARLY));
      assertThat(service.asked.getFirst()).endsWith("update=early");
    }
  }

  @Test
  void aRevocationListInHexIsRead() throws Exception {
    try (TestService service = new TestService(good, Fault.CRL_IN_HEX)) {
      assertThat(fetch(AT, service.endpoint())).isInstanceOf(Fetched.Fresh.class);
    }
  }

  @Test
  void whatIsUnchangedIsNotSentAgain() throws Exception {
    try (TestService service = new TestService(good, Fault.NONE)) {
      fetch(AT, service.endpoint());
      service.asked.clear();
      assertThat(fetch(AT, service.endpoint())).isInstanceOf(Fetched.Fresh.class);
      assertThat(service.asked.stream().filter("304"::equals)).hasSize(4);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"NONE", "CRL_IN_HEX"})
  void aServiceThatMisbehavesIsPassedOverInBoundedTime(Fault fault) throws Exception {
    try (TestService bad = new TestService(good, fault);
        TestService fine = new TestService(good, Fault.NONE)) {
      Fetched fetched = fetch(AT, bad.endpoint(), fine.endpoint());
      assertThat(fetched).isInstanceOf(Fetched.Fresh.class);
      Fetched.Fresh fresh = (Fetched.Fresh) fetched;
      assertThat(fresh.from()).isEqualTo(fine.endpoint().base().toString());
      assertThat(fresh.failures()).hasSize(1);
      assertThat(fresh.failures().getFirst()).startsWith(bad.endpoint().base().toString());
    }
  }

  @Test
  void anUnreachableServiceFallsBackToTheCacheWhileItIsInDate() throws Exception {
    try (TestService service = new TestService(good, Fault.NONE)) {
      fetch(AT, service.endpoint());
    }
    Endpoint nobody = Endpoint.pccs(URI.create("http://127.0.0.1:1"));
    Fetched kept = fetch(AT, nobody);
    assertThat(kept).isInstanceOf(Fetched.Kept.class);
    assertThat(((Fetched.Kept) kept).failures()).hasSize(1);
    Fetched late = fetch(Instant.parse("2026-06-10T12:00:00Z"), nobody);
    assertThat(late).isInstanceOf(Fetched.Nothing.class);
  }

  @Test
  void aDamagedCacheIsNotBelieved() throws Exception {
    try (TestService service = new TestService(good, Fault.NONE)) {
      fetch(AT, service.endpoint());
      Path info = folder.resolve(REQUEST.name()).resolve(Part.TCB_INFO.fileName());
      Files.writeString(info, Files.readString(info).replace("OutOfDate", "UpToDate "));
      try (CollateralClient client = client(AT)) {
        assertThat(client.kept(REQUEST)).isInstanceOf(Fetched.Nothing.class);
      }
      service.asked.clear();
      assertThat(fetch(AT, service.endpoint())).isInstanceOf(Fetched.Fresh.class);
      assertThat(service.asked).doesNotContain("304");
    }
  }

  @Test
  void aLyingServiceIsNamedWithWhatDidNotVerify() throws Exception {
    for (String lie :
        List.of("tcb-info-edited", "identity-edited", "other-root", "root-crl-by-another")) {
      try (TestService service = new TestService(cases.collateral(lie), Fault.NONE);
          CollateralClient client =
              CollateralClient.direct(
                  List.of(service.endpoint()),
                  verifier(lie),
                  LIMITS,
                  new ServerTrust.Known(),
                  InstantSource.fixed(AT))) {
        Fetched fetched = client.fetch(REQUEST);
        assertThat(fetched).as(lie).isInstanceOf(Fetched.Nothing.class);
        assertThat(((Fetched.Nothing) fetched).failures().getFirst())
            .as(lie)
            .contains(cases.expected(lie));
      }
    }
  }

  @Test
  void collateralForOthersIsNotTaken() throws Exception {
    Origin origin = REQUEST.origin();
    for (Origin other :
        List.of(
            new Origin(Tee.SGX, Bytes.hex("00906ed50001"), origin.authority()),
            new Origin(Tee.TDX, origin.fmspc(), origin.authority()),
            new Origin(Tee.SGX, origin.fmspc(), Origin.Authority.PROCESSOR))) {
      try (TestService service = new TestService(good, Fault.NONE);
          CollateralClient client = client(AT, service.endpoint())) {
        assertThat(client.fetch(new FetchRequest(other, FetchRequest.Channel.STANDARD)))
            .as(other.toString())
            .isInstanceOf(Fetched.Nothing.class);
      }
    }
  }

  @Test
  void aMissingPartIsAFailureOfThatService() throws Exception {
    Map<Part, Bytes> parts = new EnumMap<>(good.parts());
    parts.put(Part.ROOT_CA_CRL, Bytes.EMPTY);
    try (TestService service = new TestService(new Collateral(parts), Fault.NONE)) {
      assertThat(fetch(AT, service.endpoint())).isInstanceOf(Fetched.Nothing.class);
    }
  }

  @Test
  void onlyThisMachineMayBeAskedInTheClear() {
    for (String uri : List.of("http://example.org", "ftp://example.org", "example", "file:///x")) {
      assertThatThrownBy(() -> Endpoint.pccs(URI.create(uri)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(Endpoint.pccs(URI.create("https://example.org:8081")).base().getPort())
        .isEqualTo(8081);
  }
}
