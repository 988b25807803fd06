package dev.reseal.bench;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.supervisor.Authority;
import dev.reseal.supervisor.ControlClient;
import dev.reseal.supervisor.Requests;
import dev.reseal.supervisor.Summary;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.Status;
import dev.reseal.wire.VerifyKey;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/**
 * Asks for re-seals one after another, as an operator's tool that stays: no start of a command line
 * lies between them. Used by {@code bench/rotations.py}, which starts everything else.
 */
public final class Rotations {
  private Rotations() {}

  /**
   * {@code HOME NAME COUNT}: a line {@code PHASE<tab>microseconds} for each phase that ended, and
   * {@code gap} and {@code total} after each re-seal. Ends with 1 at the first one that fails.
   */
  public static void main(String[] arguments) throws IOException {
    Path home = Path.of(arguments[0]);
    String name = arguments[1];
    Authority authority =
        new Authority(
            URI.create(Files.readString(home.resolve("public/authority.url")).strip()),
            home.resolve("public/authority-tls.pem"));
    SigningKey operator = operator(Files.readString(home.resolve("operator/operator.pem")));
    for (int i = Integer.parseInt(arguments[2]); i > 0; i--) {
      Status status = Status.decode(authority.named(name).orThrow());
      Bytes request = Requests.reseal(status, true, operator).message();
      if (!rotate(home.resolve("lineages").resolve(name).resolve("control.sock"), request)) {
        System.exit(1);
      }
    }
  }

  private static boolean rotate(Path socket, Bytes request) throws IOException {
    try (ControlClient supervisor = ControlClient.connect(socket)) {
      ControlClient.Result result = supervisor.operate(request, Rotations::phase);
      if (result instanceof ControlClient.Result.Ended(Summary summary)
          && summary.exitCode() == 0) {
        System.out.println("gap\t" + summary.gapMicros());
        System.out.println("total\t" + summary.totalMicros());
        return true;
      }
      System.err.println(result);
      return false;
    }
  }

  private static void phase(String phase, String edge, long micros) {
    if (edge.equals("done")) {
      System.out.println(phase + "\t" + micros);
    }
  }

  private static SigningKey operator(String pem) {
    VerifyKey spki = new VerifyKey(Bytes.wrap(block(pem, "PUBLIC KEY")));
    try (Secret pkcs8 = Secret.own(block(pem, "PRIVATE KEY"))) {
      return SigningKey.of(pkcs8, spki, Randomness.system());
    }
  }

  private static byte[] block(String pem, String label) {
    int from = pem.indexOf("-----BEGIN " + label + "-----") + label.length() + 16;
    return Base64.getMimeDecoder().decode(pem.substring(from, pem.indexOf("-----END " + label)));
  }
}
