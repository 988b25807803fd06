package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * EWB and ELDU: pages outside the EPC are encrypted under a key of this boot, bound to enclave,
 * offset and permissions, and to a version that stays inside the EPC. The store outside belongs to
 * the host, who may change or exchange what lies there and is found out.
 */
final class Paging {
  private static final int TAG_BITS = 128;

  private final Secret key = Secret.random(16);
  private final Map<Place, Bytes> outside = new HashMap<>();
  private final Map<Place, Version> inside = new HashMap<>();
  private long nextVersion;

  /** Which page of which enclave. */
  record Place(long enclave, long offset) {}

  /** What a version array slot holds, with the EPCM entry to restore. */
  private record Version(long number, EpcPage.Entry entry) {}

  void evict(EpcPage page) {
    EpcPage.Entry entry = page.entry();
    Place place = new Place(entry.enclave(), entry.offset());
    Version version = new Version(++nextVersion, entry);
    outside.put(place, crypt(Cipher.ENCRYPT_MODE, version, page.content()).orElseThrow());
    inside.put(place, version);
  }

  boolean holds(Place place) {
    return inside.containsKey(place);
  }

  EpcPage.Entry entry(Place place) {
    Version version = inside.get(place);
    if (version == null) {
      throw new IllegalStateException("no version for " + place);
    }
    return version.entry;
  }

  /** ELDU: the content, or empty when MAC or version do not fit. */
  Optional<Bytes> load(Place place) {
    Version version = inside.get(place);
    Bytes stored = outside.get(place);
    if (version == null || stored == null) {
      return Optional.empty();
    }
    Optional<Bytes> content = crypt(Cipher.DECRYPT_MODE, version, stored.toArray());
    if (content.isPresent()) {
      inside.remove(place);
      outside.remove(place);
    }
    return content;
  }

  void forgetAll(long enclave) {
    inside.keySet().removeIf(place -> place.enclave() == enclave);
    outside.keySet().removeIf(place -> place.enclave() == enclave);
  }

  int stored() {
    return outside.size();
  }

  /** The host's copy of a page. */
  Bytes hostRead(Place place) {
    Bytes stored = outside.get(place);
    if (stored == null) {
      throw new IllegalStateException("nothing stored for " + place);
    }
    return stored;
  }

  /** The host puts something else in a page's place. */
  void hostWrite(Place place, Bytes content) {
    outside.put(place, content);
  }

  private Optional<Bytes> crypt(int mode, Version version, byte[] content) {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      byte[] iv = ByteBuffer.allocate(12).putLong(4, version.number).array();
      key.with(bytes -> initialise(cipher, mode, bytes, iv));
      EpcPage.Entry entry = version.entry;
      cipher.updateAAD(
          ByteBuffer.allocate(24)
              .putLong(entry.enclave())
              .putLong(entry.offset())
              .putLong(entry.secInfo().flags())
              .array());
      return Optional.of(Bytes.wrap(cipher.doFinal(content)));
    } catch (javax.crypto.AEADBadTagException forged) {
      return Optional.empty();
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no AES-GCM", missing);
    }
  }

  private static void initialise(Cipher cipher, int mode, byte[] key, byte[] iv) {
    try {
      cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, iv));
    } catch (GeneralSecurityException bad) {
      throw new IllegalStateException("AES-GCM refused an own key", bad);
    }
  }
}
