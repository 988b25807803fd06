package dev.reseal.collateral;

import java.net.URI;
import java.util.Optional;
import java.util.Set;

/**
 * Where collateral is served: Intel's provisioning service (PCS) or a cache with its interface
 * (PCCS), version 4. Everything served is signed, so an endpoint can withhold but not forge.
 *
 * @param base without the path, {@code https://host:8081}
 * @param rootCrl where the root CRL lies, if not at the interface itself
 */
public record Endpoint(URI base, Optional<URI> rootCrl) {
  /** Intel's own service; needs no key for what is asked here. */
  public static final Endpoint INTEL =
      new Endpoint(
          URI.create("https://api.trustedservices.intel.com"),
          Optional.of(
              URI.create("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der")));

  private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");

  public Endpoint {
    check(base);
    rootCrl.ifPresent(Endpoint::check);
  }

  /** A cache at {@code base}. */
  public static Endpoint pccs(URI base) {
    return new Endpoint(base, Optional.empty());
  }

  private static void check(URI uri) {
    boolean local = "http".equals(uri.getScheme()) && LOOPBACK.contains(uri.getHost());
    if (uri.getHost() == null || (!"https".equals(uri.getScheme()) && !local)) {
      throw new IllegalArgumentException(
          "endpoint " + uri + " is not https://HOST (http only for this machine)");
    }
  }

  URI resolve(String pathAndQuery) {
    return base.resolve(pathAndQuery);
  }

  URI rootCrlUri() {
    return rootCrl.orElseGet(() -> resolve("/sgx/certification/v4/rootcacrl"));
  }
}
