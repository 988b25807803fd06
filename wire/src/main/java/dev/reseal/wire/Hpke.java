package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.WireException.Rule;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * HPKE base mode (RFC 9180), single-shot, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM,
 * empty aad: all binding is in {@code info} (protocol 4).
 */
public final class Hpke {
  private static final Bytes KEM_SUITE = Bytes.concat(Bytes.ascii("KEM"), Bytes.u16(0x0020));
  private static final Bytes SUITE =
      Bytes.concat(Bytes.ascii("HPKE"), Bytes.u16(0x0020), Bytes.u16(0x0001), Bytes.u16(0x0002));
  private static final Bytes VERSION = Bytes.ascii("HPKE-v1");
  private static final int TAG = 16;

  private Hpke() {}

  /** What travels: the encapsulated key (32 bytes) and the ciphertext with its tag. */
  public record Box(Bytes enc, Bytes ct) {
    /** Both in one string, as in field 21 of a grant. */
    public Bytes joined() {
      return Bytes.concat(enc, ct);
    }

    public static Box split(Bytes joined) {
      if (joined.size() < X25519.SIZE + TAG) {
        throw new WireException(Rule.SIZE, "an HPKE box of " + joined.size() + " bytes");
      }
      return new Box(
          joined.slice(0, X25519.SIZE), joined.slice(X25519.SIZE, joined.size() - X25519.SIZE));
    }
  }

  public static Box seal(Bytes recipient, Bytes info, Secret plaintext, Randomness randomness) {
    try (X25519.Pair ephemeral = X25519.Pair.generate(randomness);
        Secret dh = X25519.agree(ephemeral.secret(), recipient);
        Secret shared = kem(dh, ephemeral.publicKey(), recipient)) {
      byte[] ct = plaintext.use(bytes -> gcm(Cipher.ENCRYPT_MODE, shared, info, bytes));
      return new Box(ephemeral.publicKey(), Bytes.wrap(ct));
    }
  }

  /**
   * The plaintext; {@link Rule#HPKE} when key, info or ciphertext are not those that were sealed.
   */
  public static Secret open(X25519.Pair recipient, Bytes info, Box box) {
    if (box.ct().size() < TAG) {
      throw new WireException(Rule.HPKE, "a ciphertext shorter than its tag");
    }
    try (Secret dh = X25519.agree(recipient.secret(), box.enc());
        Secret shared = kem(dh, box.enc(), recipient.publicKey())) {
      return Secret.own(gcm(Cipher.DECRYPT_MODE, shared, info, box.ct().toArray()));
    }
  }

  static Secret kem(Secret dh, Bytes enc, Bytes recipient) {
    try (Secret prk = labeledExtract(KEM_SUITE, new byte[0], "eae_prk", dh)) {
      return labeledExpand(KEM_SUITE, prk, "shared_secret", Bytes.concat(enc, recipient), 32);
    }
  }

  /** Key and nonce of the one message of a context (RFC 9180 5.1, base mode). */
  record Schedule(Secret key, Secret nonce) implements AutoCloseable {
    static Schedule of(Secret shared, Bytes info) {
      Bytes context =
          Bytes.concat(
              Bytes.zeros(1),
              publicExtract("psk_id_hash", Bytes.EMPTY),
              publicExtract("info_hash", info));
      try (Secret none = Secret.own(new byte[0]);
          Secret secret = shared.use(salt -> labeledExtract(SUITE, salt, "secret", none))) {
        return new Schedule(
            labeledExpand(SUITE, secret, "key", context, 32),
            labeledExpand(SUITE, secret, "base_nonce", context, 12));
      }
    }

    @Override
    public void close() {
      key.close();
      nonce.close();
    }
  }

  private static byte[] gcm(int mode, Secret shared, Bytes info, byte[] input) {
    try (Schedule schedule = Schedule.of(shared, info)) {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      SecretKeySpec aes = schedule.key().use(bytes -> new SecretKeySpec(bytes, "AES"));
      GCMParameterSpec parameters =
          schedule.nonce().use(bytes -> new GCMParameterSpec(8 * TAG, bytes));
      cipher.init(mode, aes, parameters);
      return cipher.doFinal(input);
    } catch (AEADBadTagException refused) {
      throw new WireException(Rule.HPKE, "the ciphertext does not open under this key and info");
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no AES-256-GCM", missing);
    }
  }

  private static Bytes publicExtract(String label, Bytes value) {
    try (Secret input = Secret.own(value.toArray());
        Secret hash = labeledExtract(SUITE, new byte[0], label, input)) {
      return hash.use(Bytes::of);
    }
  }

  private static Secret labeledExtract(Bytes suite, byte[] salt, String label, Secret value) {
    byte[] head = Bytes.concat(VERSION, suite, Bytes.ascii(label)).toArray();
    byte[] input =
        value.use(bytes -> {
          byte[] all = Arrays.copyOf(head, head.length + bytes.length);
          System.arraycopy(bytes, 0, all, head.length, bytes.length);
          return all;
        });
    try (Secret labeled = Secret.own(input)) {
      return Hkdf.extract(salt, labeled);
    }
  }

  private static Secret labeledExpand(
      Bytes suite, Secret prk, String label, Bytes context, int size) {
    Bytes info = Bytes.concat(Bytes.u16(size), VERSION, suite, Bytes.ascii(label), context);
    return Hkdf.expand(prk, info, size);
  }
}
