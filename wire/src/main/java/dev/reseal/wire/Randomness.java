package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.security.SecureRandom;

/** Where random bytes come from: the one seam by which vectors and simulations fix them. */
@FunctionalInterface
public interface Randomness {
  void fill(byte[] target);

  /** The system's generator. */
  static Randomness system() {
    return new SecureRandom()::nextBytes;
  }

  default Bytes bytes(int size) {
    byte[] content = new byte[size];
    fill(content);
    return Bytes.wrap(content);
  }

  default Secret secret(int size) {
    byte[] content = new byte[size];
    fill(content);
    return Secret.own(content);
  }

  /** This source in the shape that JDK key generators take. */
  default SecureRandom secureRandom() {
    return new Source(this);
  }

  /** Passes every request on to the source. */
  final class Source extends SecureRandom {
    private static final long serialVersionUID = 1L;
    private final transient Randomness source;

    private Source(Randomness source) {
      super(null, null);
      this.source = source;
    }

    @Override
    public void nextBytes(byte[] target) {
      source.fill(target);
    }

    @Override
    public String getAlgorithm() {
      return "seam";
    }
  }
}
