package dev.reseal.simulation;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;

/**
 * ES256 verified by the provider that authority and platform use, where its library loads; half of
 * a world's time goes there. Signing stays with the JDK, which takes its random numbers from the
 * seed, so that a seed gives the same bytes with either.
 */
final class QuickVerification extends Provider {
  private static final long serialVersionUID = 1;
  private static final String ALGORITHM = "SHA256withECDSAinP1363Format";

  private QuickVerification(Service whole) {
    super("ResealQuickVerification", "1", "verifies " + ALGORITHM);
    putService(
        new Service(this, "Signature", ALGORITHM, whole.getClassName(), null, null) {
          @Override
          public Object newInstance(Object parameter) throws NoSuchAlgorithmException {
            return whole.newInstance(parameter);
          }

          @Override
          public boolean supportsParameter(Object key) {
            return key instanceof PublicKey && whole.supportsParameter(key);
          }
        });
  }

  /** Once or more often in a process. */
  static void install() {
    AmazonCorrettoCryptoProvider fast = AmazonCorrettoCryptoProvider.INSTANCE;
    if (fast.getLoadingError() == null) {
      Security.insertProviderAt(new QuickVerification(fast.getService("Signature", ALGORITHM)), 1);
    }
  }
}
