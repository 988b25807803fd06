package dev.reseal.bench;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The yardstick of the container layer: one AES-256-GCM pass and one SHA-256 pass over 1 MiB. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RawCryptoBenchmark {
  private static final int SEGMENT_BYTES = 1 << 20;
  private static final int PIECE_BYTES = 1 << 14;

  private final byte[] plaintext = new byte[SEGMENT_BYTES];
  private final byte[] ciphertext = new byte[SEGMENT_BYTES + 16];
  private final byte[] nonce = new byte[12];
  private long counter;

  /** One raw AES-256-GCM encryption of a segment under a fresh nonce. */
  @Benchmark
  public int aesGcmSegment() throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    counter++;
    for (int i = 0; i < 8; i++) {
      nonce[4 + i] = (byte) (counter >>> (56 - 8 * i));
    }
    cipher.init(
        Cipher.ENCRYPT_MODE,
        new SecretKeySpec(new byte[32], "AES"),
        new GCMParameterSpec(128, nonce));
    int done = 0;
    // In pieces: one call a segment would leave the provider's code interpreted for minutes.
    for (int at = 0; at < SEGMENT_BYTES; at += PIECE_BYTES) {
      done += cipher.update(plaintext, at, PIECE_BYTES, ciphertext, done);
    }
    return done + cipher.doFinal(ciphertext, done);
  }

  @Benchmark
  public byte[] sha256Segment() throws GeneralSecurityException {
    return MessageDigest.getInstance("SHA-256").digest(ciphertext);
  }
}
