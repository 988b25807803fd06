package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.wire.Hkdf;
import java.security.GeneralSecurityException;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** The key schedule of a slot (protocol 5.3). */
final class SlotKeys {
  private static final Bytes ZERO = Bytes.zeros(1);
  private static final Bytes PLAT = Bytes.ascii("reseal/v1/plat");

  private SlotKeys() {}

  static Bytes platCheck(Secret sPlat, Bytes keyRequest) {
    try (Secret prk = Hkdf.extract(PLAT, sPlat);
        Secret key = Hkdf.expand(prk, Bytes.ascii("check"), 32)) {
      return Hkdf.hmac(key, keyRequest).slice(0, 16);
    }
  }

  static Bytes wrap(Bytes coreDigest, Bytes headerDigest, Secret kek, Secret dek) {
    return Bytes.wrap(
        dek.use(bytes -> gcm(Cipher.ENCRYPT_MODE, coreDigest, headerDigest, kek, bytes)));
  }

  static Secret unwrap(Bytes coreDigest, Bytes headerDigest, Secret kek, Bytes wrapped) {
    return Secret.own(gcm(Cipher.DECRYPT_MODE, coreDigest, headerDigest, kek, wrapped.toArray()));
  }

  /** {@code sPlat} is empty for slots of type 2. */
  static Secret kek(Bytes coreDigest, Bytes headerDigest, Optional<Secret> sPlat, Secret sAuth) {
    byte[] input =
        sPlat
            .map(plat -> plat.use(p -> sAuth.use(a -> framed(p, a))))
            .orElseGet(() -> sAuth.use(a -> framed(new byte[0], a)));
    Bytes info = Bytes.concat(Bytes.ascii("reseal/v1/kek"), ZERO, headerDigest);
    try (Secret material = Secret.own(input);
        Secret prk = Hkdf.extract(coreDigest, material)) {
      return Hkdf.expand(prk, info, 32);
    }
  }

  private static byte[] framed(byte[] plat, byte[] auth) {
    byte[] all = new byte[4 + plat.length + auth.length];
    all[1] = (byte) plat.length;
    System.arraycopy(plat, 0, all, 2, plat.length);
    all[3 + plat.length] = (byte) auth.length;
    System.arraycopy(auth, 0, all, 4 + plat.length, auth.length);
    return all;
  }

  // The zero nonce is sound because S_auth, hence KEK, is used once.
  private static byte[] gcm(int mode, Bytes core, Bytes header, Secret kek, byte[] input) {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      SecretKeySpec key = kek.use(bytes -> new SecretKeySpec(bytes, "AES"));
      cipher.init(mode, key, new GCMParameterSpec(128, new byte[12]));
      cipher.updateAAD(Bytes.concat(core, header).buffer());
      return cipher.doFinal(input);
    } catch (AEADBadTagException refused) {
      throw new ContainerException(Rule.UNWRAP, "the wrapped DEK does not open with these halves");
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no AES-256-GCM", missing);
    }
  }
}
