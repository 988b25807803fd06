package dev.reseal.cli;

import dev.reseal.authority.DurableFile;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.quote.P256;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.VerifyKey;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Base64;
import java.util.Optional;

/** Private keys of a host in PEM, mode 0600: PKCS #8, for P-256 with the public key beside it. */
final class KeyFile {
  private static final int RSA_BITS = 3_072;
  private static final BigInteger RSA_EXPONENT = BigInteger.valueOf(3);

  private KeyFile() {}

  static SigningKey read(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new Refused("NO_KEY", path + " is missing", "this host cannot sign such a request");
    }
    String pem = Files.readString(path);
    VerifyKey spki =
        new VerifyKey(
            block(pem, "PUBLIC KEY")
                .map(Bytes::wrap)
                .orElseThrow(() -> new IOException(path + " has no PUBLIC KEY block")));
    try (Secret pkcs8 = Secret.own(secret(path, pem))) {
      return SigningKey.of(pkcs8, spki, Randomness.system());
    }
  }

  /** The key in the file, or a new one that is written there. */
  static SigningKey readOrMake(Path path) throws IOException {
    if (Files.exists(path)) {
      return read(path);
    }
    SigningKey key = SigningKey.generate(Randomness.system());
    try (Secret pkcs8 = key.pkcs8()) {
      String text =
          pkcs8.use(bytes -> pem("PRIVATE KEY", bytes))
              + pem("PUBLIC KEY", key.verifyKey().spki().toArray());
      write(path, text);
    }
    return key;
  }

  /** The key that signs images: RSA-3072 with exponent 3, as SIGSTRUCT wants it. */
  static RSAPrivateCrtKey readOrMakeSigner(Path path) throws IOException {
    try {
      if (!Files.exists(path)) {
        P256.preferFastest(); // the JDK would look for the primes for seconds
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(new RSAKeyGenParameterSpec(RSA_BITS, RSA_EXPONENT));
        write(path, pem("PRIVATE KEY", generator.generateKeyPair().getPrivate().getEncoded()));
      }
      byte[] pkcs8 = secret(path, Files.readString(path));
      return (RSAPrivateCrtKey)
          KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException unreadable) {
      throw new IOException(path + " is not an RSA key in PKCS #8", unreadable);
    }
  }

  private static byte[] secret(Path path, String pem) throws IOException {
    return block(pem, "PRIVATE KEY")
        .orElseThrow(() -> new IOException(path + " has no PRIVATE KEY block"));
  }

  private static void write(Path path, String text) throws IOException {
    Files.createDirectories(
        path.toAbsolutePath().getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    DurableFile.create(path, Bytes.ascii(text));
  }

  private static String pem(String label, byte[] der) {
    String base64 =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
  }

  private static Optional<byte[]> block(String pem, String label) {
    String begin = "-----BEGIN " + label + "-----";
    int from = pem.indexOf(begin);
    int to = pem.indexOf("-----END " + label + "-----");
    return from < 0 || to < from
        ? Optional.empty()
        : Optional.of(Base64.getMimeDecoder().decode(pem.substring(from + begin.length(), to)));
  }
}
