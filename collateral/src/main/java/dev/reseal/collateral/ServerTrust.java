package dev.reseal.collateral;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Whose TLS certificates are believed. It protects what is asked and whether an answer comes;
 * collateral is signed whoever serves it.
 */
public sealed interface ServerTrust {
  /** The certification authorities that the runtime knows. */
  record Known() implements ServerTrust {}

  /** These certificates and nothing else. */
  record Only(SSLContext tls) implements ServerTrust {}

  /** Only the certificates in {@code pem}: a private authority, or the server's own. */
  static ServerTrust only(Bytes pem) throws MalformedException {
    try {
      Collection<? extends Certificate> certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem.toArray()));
      if (certificates.isEmpty()) {
        throw new MalformedException("TLS authority", 0, "no certificate", "certificates in PEM");
      }
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      int number = 0;
      for (Certificate certificate : certificates) {
        trusted.setCertificateEntry("authority-" + number++, certificate);
      }
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(null, managers.getTrustManagers(), null);
      return new Only(tls);
    } catch (CertificateException bad) {
      throw new MalformedException(
          "TLS authority", 0, String.valueOf(bad.getMessage()), "certificates in PEM");
    } catch (GeneralSecurityException | IOException missing) {
      throw new IllegalStateException("this JDK cannot pin a TLS authority", missing);
    }
  }
}
