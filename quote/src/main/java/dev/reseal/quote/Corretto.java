package dev.reseal.quote;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import com.amazon.corretto.crypto.provider.SelfTestStatus;
import java.security.Provider;
import java.util.Optional;

/** The only class that names Corretto's: it is not touched where their library is left out. */
final class Corretto {
  private Corretto() {}

  /** The provider, where its native library loads and passes its test. */
  static Optional<Provider> provider() {
    AmazonCorrettoCryptoProvider corretto = AmazonCorrettoCryptoProvider.INSTANCE;
    boolean usable =
        corretto.getLoadingError() == null && corretto.runSelfTests() == SelfTestStatus.PASSED;
    return usable ? Optional.of(corretto) : Optional.empty();
  }
}
