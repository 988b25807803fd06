package dev.reseal.attack;

import dev.reseal.bytes.Bytes;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** Parsers as they are written first: they recurse, search and believe lengths. */
final class NaiveParsers {
  private static final int STACK = 256 * 1024;

  /** Where a quote of version 3 says how long its QE authentication data is. */
  private static final int QE_AUTH_AT = 48 + 384 + 4 + 64 + 64 + 384 + 64;

  private NaiveParsers() {}

  /** How deep it is, by going there. */
  private static int depth(Bytes der) {
    int deepest = 0;
    for (Bytes child : Bombs.length(der, 0) == 0 ? List.<Bytes>of() : Bombs.children(der)) {
      deepest = Math.max(deepest, depth(child));
    }
    return deepest + 1;
  }

  /** What became of the thread that reads it. */
  static Ending readOnAThread(Bytes der) throws InterruptedException {
    AtomicReference<Ending> ending =
        new AtomicReference<>(new Ending.Won("the thread that verifies died"));
    Thread reader =
        new Thread(
            null, () -> ending.set(new Ending.Harmless("depth " + depth(der))), "naive", STACK);
    reader.setUncaughtExceptionHandler(
        (_, died) -> ending.set(new Ending.Won("the thread that verifies died: " + died)));
    reader.start();
    reader.join();
    return ending.get();
  }

  /**
   * The status in a TCB info whose signature is good: the signed text is searched from the front,
   * the members are read into a map, where the last one of a name stays.
   */
  static String tcbStatus(String file, Bytes issuerChain) throws GeneralSecurityException {
    int from = file.indexOf("\"tcbInfo\":") + "\"tcbInfo\":".length();
    String signed = file.substring(from, file.indexOf(",\"signature\":\"", from));
    int at = file.indexOf("\"signature\":\"") + "\"signature\":\"".length();
    Signature check = Signature.getInstance("SHA256withECDSAinP1363Format");
    check.initVerify(
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(issuerChain.toArray())));
    check.update(signed.getBytes(StandardCharsets.UTF_8));
    if (!check.verify(Bytes.hex(file.substring(at, at + 128)).toArray())) {
      return "a wrong signature";
    }
    int status = file.lastIndexOf("\"tcbStatus\":\"") + "\"tcbStatus\":\"".length();
    return file.substring(status, file.indexOf('"', status));
  }

  /** The certification data of a quote: its length, then so many bytes. */
  static byte[] certificationData(Bytes quote) {
    ByteBuffer in = ByteBuffer.wrap(quote.toArray()).order(ByteOrder.LITTLE_ENDIAN);
    in.position(QE_AUTH_AT);
    in.position(in.position() + 2 + Short.toUnsignedInt(in.getShort(QE_AUTH_AT)) + 2);
    byte[] data = new byte[in.getInt()];
    in.get(data);
    return data;
  }
}
