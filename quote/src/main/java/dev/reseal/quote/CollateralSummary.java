package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.sgx.MalformedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the parts of a collateral set say of themselves, for people. Nothing of it is verified.
 *
 * @param lines one for each part that is there and can be read
 */
public record CollateralSummary(List<Line> lines) {
  /**
   * One part.
   *
   * @param what in words
   */
  public record Line(Part part, String what, Instant from, Instant until) {}

  public CollateralSummary {
    lines = List.copyOf(lines);
  }

  /** Reads each part that is present; throws at the first that is malformed. */
  public static CollateralSummary of(Collateral collateral) throws MalformedException {
    List<Line> lines = new ArrayList<>();
    for (Part part : Part.values()) {
      Optional<Bytes> bytes = collateral.part(part);
      if (bytes.isPresent()) {
        lines.add(line(part, bytes.get()));
      }
    }
    return new CollateralSummary(lines);
  }

  private static Line line(Part part, Bytes bytes) throws MalformedException {
    return switch (part) {
      case TCB_INFO -> {
        TcbInfo info = TcbInfo.read(SignedJson.parse(List.of("tcbInfo"), bytes).value());
        yield new Line(
            part,
            "%s FMSPC %s, evaluation number %d, %d levels"
                .formatted(info.tee(), info.fmspc(), info.evaluationNumber(), info.levels().size()),
            info.issueDate(),
            info.nextUpdate());
      }
      case QE_IDENTITY -> {
        QeIdentity qe =
            QeIdentity.read(
                SignedJson.parse(List.of("enclaveIdentity", "qeIdentity"), bytes).value());
        yield new Line(
            part,
            "%s, evaluation number %d, newest ISVSVN %d"
                .formatted(qe.id(), qe.evaluationNumber(), qe.levels().getFirst().isvSvn()),
            qe.issueDate(),
            qe.nextUpdate());
      }
      case PCK_CRL, ROOT_CA_CRL -> {
        Crl crl = Crl.parse(part.fileName(), bytes);
        yield new Line(
            part,
            "by %s, number %s, %d revoked"
                .formatted(crl.issuer(), crl.number(), crl.revoked().size()),
            crl.validity().from(),
            crl.validity().until());
      }
      case TCB_INFO_ISSUER_CHAIN, QE_IDENTITY_ISSUER_CHAIN, PCK_CRL_ISSUER_CHAIN -> {
        List<Certificate> chain = Certificate.chain(part.fileName(), bytes, 3);
        Certificate first = chain.getFirst();
        yield new Line(
            part,
            String.join(", ", chain.stream().map(c -> c.subject().toString()).toList()),
            first.validity().from(),
            first.validity().until());
      }
    };
  }
}
