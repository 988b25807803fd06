package dev.reseal.simulation;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.Security;
import java.util.function.Supplier;

/**
 * P-256 and X25519 for simulated worlds, which spend most of their time on curves: {@link
 * QuickSignature} and {@link QuickAgreement}. A seed gives the same history with and without.
 */
final class QuickCurves extends Provider {
  private static final long serialVersionUID = 1;

  static final String NAME = "ResealQuickCurves";

  private QuickCurves() {
    super(NAME, "1", "P-256 and X25519 of simulated worlds");
    Provider verifier = verifier();
    putService(quick("Signature", QuickSignature.ALGORITHM, () -> new QuickSignature(verifier)));
    putService(quick("KeyAgreement", QuickAgreement.ALGORITHM, QuickAgreement::new));
  }

  /** That of authority and platform, where its library loads. */
  private static Provider verifier() {
    AmazonCorrettoCryptoProvider fast = AmazonCorrettoCryptoProvider.INSTANCE;
    return fast.getLoadingError() == null ? fast : Security.getProvider(QuickSignature.JDK);
  }

  private Service quick(String type, String algorithm, Supplier<Object> made) {
    return new Service(this, type, algorithm, "made by the service", null, null) {
      @Override
      public Object newInstance(Object parameter) throws NoSuchAlgorithmException {
        return made.get();
      }

      @Override
      public boolean supportsParameter(Object key) {
        return true;
      }
    };
  }

  /** Once or more often in a process. */
  static void install() {
    Security.insertProviderAt(new QuickCurves(), 1);
  }
}
