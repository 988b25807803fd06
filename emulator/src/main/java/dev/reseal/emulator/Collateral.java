package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import java.math.BigInteger;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Signed collateral as JSON (TCB info version 3, QE identity version 2): the exact bytes, without
 * white space, because the signature covers the text of the inner object.
 */
final class Collateral {
  /** How long TCB info, QE identity and the PCK CRL live, as Intel's do. */
  static final Duration LIFE = Duration.ofDays(30);

  /**
   * What the provisioning side says about TCBs now.
   *
   * @param evaluation tcbEvaluationDataNumber; a TCB recovery raises it
   * @param levels highest first
   * @param revokedPck serial numbers of revoked PCK certificates
   */
  record Judgement(int evaluation, List<Level> levels, List<BigInteger> revokedPck) {
    Judgement {
      levels = List.copyOf(levels);
      revokedPck = List.copyOf(revokedPck);
    }

    /** A new machine: its TCB is up to date. */
    static Judgement of(Tcb tcb) {
      return new Judgement(1, List.of(new Level(tcb, "UpToDate", List.of())), List.of());
    }

    /**
     * A TCB recovery: {@code needed} becomes the only level that is up to date, all older ones are
     * out of date for {@code advisory}.
     */
    Judgement recovery(Tcb needed, String advisory) {
      if (!advisory.matches("[A-Za-z0-9-]{1,64}")) {
        throw new IllegalArgumentException(
            "advisory: found '" + advisory + "', expected 1 to 64 letters, digits and hyphens");
      }
      List<Level> all = new ArrayList<>();
      all.add(new Level(needed, "UpToDate", List.of()));
      for (Level level : levels) {
        List<String> advisories = new ArrayList<>(level.advisories);
        advisories.add(advisory);
        all.add(new Level(level.tcb, "OutOfDate", advisories));
      }
      return new Judgement(evaluation + 1, all, revokedPck);
    }

    /** The status word of a platform at that TCB with that PCK certificate. */
    String of(Tcb tcb, BigInteger pckSerial) {
      if (revokedPck.contains(pckSerial)) {
        return "Revoked";
      }
      return levels.stream()
          .filter(level -> tcb.covers(level.tcb.cpuSvn()) && tcb.pceSvn() >= level.tcb.pceSvn())
          .map(Level::status)
          .findFirst()
          .orElse("not supported");
    }

    Judgement revoking(BigInteger serial) {
      List<BigInteger> all = new ArrayList<>(revokedPck);
      all.add(serial);
      return new Judgement(evaluation, levels, all);
    }
  }

  /** One TCB level: least TCB, status word, advisory ids. */
  record Level(Tcb tcb, String status, List<String> advisories) {
    Level {
      advisories = List.copyOf(advisories);
    }
  }

  private Collateral() {}

  static Bytes tcbInfo(
      Judgement judgement, PlatformIdentity platform, Instant issued, PrivateKey signer) {
    List<String> levels = new ArrayList<>();
    for (Level level : judgement.levels()) {
      levels.add(level(components(level.tcb()), issued, level.status(), level.advisories()));
    }
    String inner =
        "{\"id\":\"SGX\",\"version\":3,"
            + dates(issued)
            + "\"fmspc\":\"%s\",\"pceId\":\"%s\",\"tcbType\":0,"
                .formatted(upper(platform.fmspc()), upper(platform.pceId()))
            + "\"tcbEvaluationDataNumber\":%d,".formatted(judgement.evaluation())
            + "\"tcbLevels\":["
            + String.join(",", levels)
            + "]}";
    return signed("tcbInfo", inner, signer);
  }

  static Bytes qeIdentity(
      Judgement judgement, EnclaveIdentity qe, Instant issued, PrivateKey signer) {
    Bytes mask = new Attributes(~Attributes.MODE64BIT, 0).encode();
    Bytes attributes =
        new Attributes(qe.attributes().without(Attributes.MODE64BIT).flags(), 0).encode();
    String inner =
        "{\"id\":\"QE\",\"version\":2,"
            + dates(issued)
            + "\"tcbEvaluationDataNumber\":%d,".formatted(judgement.evaluation())
            + "\"miscselect\":\"%08X\",\"miscselectMask\":\"FFFFFFFF\",".formatted(qe.miscSelect())
            + "\"attributes\":\"%s\",\"attributesMask\":\"%s\","
                .formatted(upper(attributes), upper(mask))
            + "\"mrsigner\":\"%s\",\"isvprodid\":%d,"
                .formatted(upper(qe.mrSigner()), qe.isvProdId())
            + "\"tcbLevels\":["
            + level("\"isvsvn\":%d".formatted(qe.isvSvn()), issued, "UpToDate", List.of())
            + "]}";
    return signed("enclaveIdentity", inner, signer);
  }

  private static Bytes signed(String name, String inner, PrivateKey signer) {
    String signature = Keys.sign(signer, Bytes.ascii(inner)).toHex();
    return Bytes.ascii(
        "{\"%s\":".formatted(name) + inner + ",\"signature\":\"" + signature + "\"}");
  }

  private static String dates(Instant issued) {
    return "\"issueDate\":\"%s\",\"nextUpdate\":\"%s\","
        .formatted(time(issued), time(issued.plus(LIFE)));
  }

  private static String components(Tcb tcb) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      all.add("{\"svn\":%d}".formatted(tcb.cpuSvn().at(i) & 0xff));
    }
    return "\"sgxtcbcomponents\":[" + String.join(",", all) + "],\"pcesvn\":" + tcb.pceSvn();
  }

  private static String level(String tcb, Instant date, String status, List<String> advisories) {
    String ids =
        advisories.isEmpty()
            ? ""
            : ",\"advisoryIDs\":[\"" + String.join("\",\"", advisories) + "\"]";
    return "{\"tcb\":{%s},\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"%s}"
        .formatted(tcb, time(date.truncatedTo(ChronoUnit.DAYS)), status, ids);
  }

  private static String time(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static String upper(Bytes bytes) {
    return bytes.toHex().toUpperCase(Locale.ROOT);
  }
}
