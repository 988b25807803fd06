package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.security.interfaces.RSAPrivateCrtKey;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Structures with random fields, repeatable from a seed. */
final class Samples {
  /** One signing key for a whole test run: making one takes seconds. */
  static final RSAPrivateCrtKey SIGNER = SigningKeys.generate();

  private final RandomGenerator random;

  Samples(long seed) {
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  Bytes bytes(int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return Bytes.wrap(bytes);
  }

  int u16() {
    return random.nextInt(0x10000);
  }

  int u32() {
    return random.nextInt();
  }

  long u64() {
    return random.nextLong();
  }

  Attributes attributes() {
    return new Attributes(u64(), u64());
  }

  KeyRequest keyRequest() {
    return new KeyRequest(u16(), u16(), u16(), bytes(16), attributes(), bytes(32), u32(), u16());
  }

  TargetInfo targetInfo() {
    return new TargetInfo(bytes(32), attributes(), u16(), u32(), bytes(64));
  }

  ReportBody reportBody() {
    return new ReportBody(
        bytes(16),
        u32(),
        bytes(16),
        attributes(),
        bytes(32),
        bytes(32),
        bytes(64),
        u16(),
        u16(),
        u16(),
        bytes(16),
        bytes(64));
  }

  Secs secs() {
    long size = 1L << (13 + random.nextInt(20));
    return new Secs(
        size,
        size * random.nextInt(100),
        u32(),
        u32(),
        attributes(),
        bytes(32),
        bytes(32),
        bytes(64),
        u16(),
        u16(),
        u16());
  }

  Tcs tcs() {
    return new Tcs(random.nextInt(4), u64(), u32(), u32(), u64(), u64(), u64(), u32(), u32());
  }

  SigStruct.Body sigStructBody() {
    return new SigStruct.Body(
        random.nextBoolean(),
        random.nextBoolean(),
        u32(),
        u32(),
        u32(),
        u32(),
        bytes(16),
        attributes(),
        attributes(),
        bytes(32),
        bytes(16),
        u16(),
        u16());
  }
}
