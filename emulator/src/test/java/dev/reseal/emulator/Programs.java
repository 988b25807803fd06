package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.quote.P256;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.SigStruct;
import dev.reseal.sgx.SigningKeys;
import dev.reseal.sgx.TargetInfo;
import java.security.interfaces.RSAPrivateCrtKey;
import java.util.concurrent.CountDownLatch;

/** Enclaves for tests, and the key that signs them. */
final class Programs {
  // As ./reseal does; the JDK's own provider takes several times as long, and seconds for an RSA
  // key.
  static {
    P256.preferFastest();
  }

  static final RSAPrivateCrtKey SIGNER = SigningKeys.generate();

  static final int PUT = 1;
  static final int GET = 2;
  static final int KEY = 3;
  static final int CRASH = 4;
  static final int CODE_WRITE = 5;
  static final int GET_PAGE = 6;
  static final int REPORT = 7;

  private Programs() {}

  /** Keeps 16 bytes in its first heap page and answers keys. */
  static final class Keeper implements TrustedProgram {
    @Override
    public Bytes ecall(int function, Bytes input, Trusted inside) throws EnclaveFault {
      return switch (function) {
        case PUT -> {
          inside.write(inside.heap(), input);
          yield Bytes.EMPTY;
        }
        case GET -> inside.read(inside.heap(), 16);
        case GET_PAGE -> inside.read(inside.heap() + 4096L * input.at(7), 16);
        case KEY -> key(input, inside);
        case REPORT -> report(input, inside);
        case CRASH -> inside.read(inside.heap() + (1L << 40), 1);
        case CODE_WRITE -> {
          inside.write(0, input);
          yield Bytes.EMPTY;
        }
        default -> throw new EnclaveFault("no ecall " + function);
      };
    }

    private static Bytes report(Bytes input, Trusted inside) throws EnclaveFault {
      try {
        TargetInfo target = TargetInfo.parse(input.slice(0, TargetInfo.SIZE));
        return inside.ereport(target, input.slice(TargetInfo.SIZE, 64)).encode();
      } catch (dev.reseal.sgx.MalformedException malformed) {
        throw new EnclaveFault(String.valueOf(malformed.getMessage()));
      }
    }

    private static Bytes key(Bytes request, Trusted inside) throws EnclaveFault {
      try {
        return switch (inside.egetkey(KeyRequest.parse(request))) {
          case KeyResult.Key(Secret key) -> key.use(Bytes::of);
          case KeyResult.Unsupported _ -> Bytes.ascii("unsupported");
          case KeyResult.Failed(var error) -> Bytes.ascii(error.name());
        };
      } catch (dev.reseal.sgx.MalformedException malformed) {
        throw new EnclaveFault(String.valueOf(malformed.getMessage()));
      }
    }
  }

  /** Waits inside, or in an ocall, until it is let go. */
  record Waiting(CountDownLatch entered, CountDownLatch go, boolean outside)
      implements TrustedProgram {
    @Override
    public Bytes ecall(int function, Bytes input, Trusted inside) throws EnclaveFault {
      if (outside) {
        return inside.ocall(input, _ -> hold());
      }
      return hold();
    }

    private Bytes hold() {
      entered.countDown();
      try {
        go.await();
      } catch (InterruptedException stop) {
        throw new AssertionError(stop);
      }
      return Bytes.EMPTY;
    }
  }

  static EnclaveImage keeper(int heapPages) {
    return EnclaveImage.of("keeper", 2, heapPages, Keeper::new);
  }

  static SigStruct sign(EnclaveImage image) {
    return SigStruct.sign(SigStruct.Body.of(image.measure().mrEnclave(), 1, 5, 0x20260101), SIGNER);
  }

  static KeyRequest seal(int policy, Bytes cpuSvn, int isvSvn) {
    return new KeyRequest(
        KeyRequest.SEAL_KEY, policy, isvSvn, cpuSvn, new Attributes(-1L, 0), Bytes.zeros(32), 0, 0);
  }
}
