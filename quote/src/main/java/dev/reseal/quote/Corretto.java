package dev.reseal.quote;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.util.Optional;

/** The only class that names Corretto's: it is not touched where their library is left out. */
final class Corretto {
  private Corretto() {}

  /**
   * The provider, where its native library loads and passes its tests. It runs them once by itself,
   * and its first service waits for them.
   */
  static Optional<Provider> provider() {
    AmazonCorrettoCryptoProvider corretto = AmazonCorrettoCryptoProvider.INSTANCE;
    if (corretto.getLoadingError() != null) {
      return Optional.empty();
    }
    try {
      KeyFactory.getInstance("EC", corretto);
      return Optional.of(corretto);
    } catch (NoSuchAlgorithmException failed) {
      return Optional.empty();
    }
  }
}
