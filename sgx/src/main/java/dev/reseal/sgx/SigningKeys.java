package dev.reseal.sgx;

import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.RSAKeyGenParameterSpec;

/** Keys for signing enclaves. */
public final class SigningKeys {
  private SigningKeys() {}

  /** A fresh RSA-3072 key with exponent 3; takes seconds. */
  public static RSAPrivateCrtKey generate() {
    return generate(new SecureRandom());
  }

  /** The key that follows from {@code random}: the same for the same bytes. */
  public static RSAPrivateCrtKey generate(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(
          new RSAKeyGenParameterSpec(SigStruct.KEY_SIZE * 8, RSAKeyGenParameterSpec.F0), random);
      return (RSAPrivateCrtKey) generator.generateKeyPair().getPrivate();
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK cannot make RSA-3072 keys", missing);
    }
  }
}
