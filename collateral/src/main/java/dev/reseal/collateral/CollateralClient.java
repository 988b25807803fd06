package dev.reseal.collateral;

import dev.reseal.bytes.Bytes;
import dev.reseal.collateral.CollateralCache.Kept;
import dev.reseal.quote.CheckedCollateral;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.quote.Tee;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Asks endpoints in order until one serves collateral that verifies, is in date, is for the
 * platform that was asked for and is not older than what the cache holds.
 */
public final class CollateralClient implements AutoCloseable {
  private final List<Endpoint> endpoints;
  private final Optional<CollateralCache> cache;
  private final Verifier verifier;
  private final InstantSource clock;
  private final Http http;

  /** One with a cache in {@code folder}. */
  public static CollateralClient cached(
      List<Endpoint> endpoints,
      Path folder,
      Verifier verifier,
      FetchLimits limits,
      ServerTrust trust,
      InstantSource clock) {
    return new CollateralClient(
        endpoints,
        Optional.of(new CollateralCache(folder)),
        verifier,
        new Http(limits, trust),
        clock);
  }

  /** One that keeps nothing. */
  public static CollateralClient direct(
      List<Endpoint> endpoints,
      Verifier verifier,
      FetchLimits limits,
      ServerTrust trust,
      InstantSource clock) {
    return new CollateralClient(
        endpoints, Optional.empty(), verifier, new Http(limits, trust), clock);
  }

  private CollateralClient(
      List<Endpoint> endpoints,
      Optional<CollateralCache> cache,
      Verifier verifier,
      Http http,
      InstantSource clock) {
    this.endpoints = List.copyOf(endpoints);
    this.cache = cache;
    this.verifier = verifier;
    this.clock = clock;
    this.http = http;
  }

  /** Asks the endpoints; falls back to the cache while it is in date. */
  public Fetched fetch(FetchRequest request) throws IOException, InterruptedException {
    Kept kept = cache.isPresent() ? cache.get().read(request) : Kept.NOTHING;
    Optional<CheckedCollateral> known = genuine(kept, request);
    List<String> failures = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      try {
        Kept fresh = ask(endpoint, request, known.isPresent() ? kept : Kept.NOTHING);
        CheckedCollateral checked = accept(endpoint, request, fresh.collateral(), known);
        if (cache.isPresent()) {
          cache.get().write(request, fresh);
        }
        return new Fetched.Fresh(fresh.collateral(), checked, endpoint.base().toString(), failures);
      } catch (FetchFailure failure) {
        failures.add(String.valueOf(failure.getMessage()));
      }
    }
    return known
        .filter(this::inDate)
        .<Fetched>map(checked -> new Fetched.Kept(kept.collateral(), checked, failures))
        .orElseGet(() -> new Fetched.Nothing(failures));
  }

  private boolean inDate(CheckedCollateral checked) {
    return verifier.current(checked, clock.instant()).isEmpty();
  }

  /** What the cache holds, without asking anybody, if it is in date. */
  public Fetched kept(FetchRequest request) throws IOException {
    Kept kept = cache.isPresent() ? cache.get().read(request) : Kept.NOTHING;
    return genuine(kept, request)
        .filter(this::inDate)
        .<Fetched>map(checked -> new Fetched.Kept(kept.collateral(), checked, List.of()))
        .orElseGet(() -> new Fetched.Nothing(List.of("the cache holds nothing in date")));
  }

  /** What the cache holds, if it verifies: out of date it still says what was seen before. */
  private Optional<CheckedCollateral> genuine(Kept kept, FetchRequest request) {
    if (!kept.complete()) {
      return Optional.empty();
    }
    try {
      return Optional.of(verified("cache", request, kept.collateral()));
    } catch (FetchFailure damaged) {
      return Optional.empty();
    }
  }

  private CheckedCollateral accept(
      Endpoint endpoint,
      FetchRequest request,
      Collateral collateral,
      Optional<CheckedCollateral> known)
      throws FetchFailure {
    String where = endpoint.base().toString();
    CheckedCollateral checked = verified(where, request, collateral);
    Optional<Verdict.Refused> outOfDate = verifier.current(checked, clock.instant());
    if (outOfDate.isPresent()) {
      throw refused(where, outOfDate.get());
    }
    if (known.isPresent() && older(checked, known.get())) {
      throw new FetchFailure(where, "serves older collateral than the cache holds");
    }
    return checked;
  }

  private CheckedCollateral verified(String where, FetchRequest request, Collateral collateral)
      throws FetchFailure {
    CheckedCollateral checked =
        switch (verifier.check(collateral)) {
          case Verifier.Checked.Good good -> good.collateral();
          case Verifier.Checked.Bad bad -> throw refused(where, bad.refused());
        };
    if (checked.tee() != request.origin().tee()
        || !checked.fmspc().equals(request.origin().fmspc())) {
      throw new FetchFailure(
          where,
          "serves collateral for %s %s instead of %s"
              .formatted(checked.tee(), checked.fmspc(), request.origin()));
    }
    Optional<Verdict.Refused> otherList =
        verifier.pckCrlBy(collateral, request.origin().authority());
    if (otherList.isPresent()) {
      throw refused(where, otherList.get());
    }
    return checked;
  }

  private static FetchFailure refused(String where, Verdict.Refused refused) {
    return new FetchFailure(where, refused.reason().word() + ", " + refused.detail());
  }

  private static boolean older(CheckedCollateral fresh, CheckedCollateral known) {
    return fresh.evaluationNumber() < known.evaluationNumber()
        || fresh.rootCrlNumber().compareTo(known.rootCrlNumber()) < 0
        || fresh.pckCrlNumber().compareTo(known.pckCrlNumber()) < 0;
  }

  /** One endpoint's answers so far. */
  private final class Asking {
    private final Kept kept;
    private final Map<Part, Bytes> parts = new EnumMap<>(Part.class);
    private final Map<String, String> etags = new HashMap<>();

    private Asking(Kept kept) {
      this.kept = kept;
    }

    private void body(URI uri, Part part) throws FetchFailure, InterruptedException {
      HttpResponse<Bytes> answer = get(uri, List.of(part));
      if (answer.statusCode() == 200) {
        parts.put(part, answer.body());
      }
    }

    private void bodyAndChain(URI uri, Part part, Part chain, String... headers)
        throws FetchFailure, InterruptedException {
      HttpResponse<Bytes> answer = get(uri, List.of(part, chain));
      if (answer.statusCode() == 200) {
        parts.put(part, answer.body());
        parts.put(chain, chain(uri, answer, headers));
      }
    }

    /** Answers 304 stand for what is kept. */
    private HttpResponse<Bytes> get(URI uri, List<Part> of)
        throws FetchFailure, InterruptedException {
      Optional<String> etag = Optional.ofNullable(kept.etags().get(uri.toString()));
      HttpResponse<Bytes> answer = http.get(uri, etag);
      if (answer.statusCode() == 304) {
        for (Part part : of) {
          parts.put(part, kept.collateral().part(part).orElseThrow());
        }
      }
      answer
          .headers()
          .firstValue("ETag")
          .or(() -> answer.statusCode() == 304 ? etag : Optional.empty())
          .ifPresent(tag -> etags.put(uri.toString(), tag));
      return answer;
    }
  }

  private static Bytes chain(URI uri, HttpResponse<Bytes> answer, String... headers)
      throws FetchFailure {
    for (String header : headers) {
      Optional<String> value = answer.headers().firstValue(header);
      if (value.isPresent()) {
        try {
          // Base64 has plus signs, which only a form would read as spaces.
          String encoded = value.get().replace("+", "%2B");
          return Bytes.ascii(URLDecoder.decode(encoded, StandardCharsets.US_ASCII));
        } catch (IllegalArgumentException bad) {
          throw new FetchFailure(uri.toString(), "header " + header + " is not URL-encoded");
        }
      }
    }
    throw new FetchFailure(uri.toString(), "no header " + headers[0] + " with the issuer chain");
  }

  private Kept ask(Endpoint endpoint, FetchRequest request, Kept kept)
      throws FetchFailure, InterruptedException {
    Asking asking = new Asking(kept);
    String tee = request.origin().tee() == Tee.SGX ? "/sgx" : "/tdx";
    String update = "update=" + request.channel().word();
    asking.bodyAndChain(
        endpoint.resolve(
            tee + "/certification/v4/tcb?fmspc=" + request.origin().fmspc() + "&" + update),
        Part.TCB_INFO,
        Part.TCB_INFO_ISSUER_CHAIN,
        "TCB-Info-Issuer-Chain",
        "SGX-TCB-Info-Issuer-Chain");
    asking.bodyAndChain(
        endpoint.resolve(tee + "/certification/v4/qe/identity?" + update),
        Part.QE_IDENTITY,
        Part.QE_IDENTITY_ISSUER_CHAIN,
        "SGX-Enclave-Identity-Issuer-Chain");
    asking.bodyAndChain(
        endpoint.resolve(
            "/sgx/certification/v4/pckcrl?ca="
                + request.origin().authority().word()
                + "&encoding=der"),
        Part.PCK_CRL,
        Part.PCK_CRL_ISSUER_CHAIN,
        "SGX-PCK-CRL-Issuer-Chain");
    asking.body(endpoint.rootCrlUri(), Part.ROOT_CA_CRL);
    return new Kept(new Collateral(asking.parts), asking.etags);
  }

  @Override
  public void close() {
    http.close();
  }
}
