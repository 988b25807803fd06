package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** The parts of a collateral set as they were delivered, unverified; any of them may be missing. */
public record Collateral(Map<Part, Bytes> parts) {
  /** The most bytes of a part; genuine ones have some 100 KiB at most. */
  public static final int MOST_PART = 1 << 20;

  /** The parts, with the file names of a collateral folder. */
  public enum Part {
    TCB_INFO("tcb_info.json"),
    TCB_INFO_ISSUER_CHAIN("tcb_info_issuer_chain.pem"),
    QE_IDENTITY("qe_identity.json"),
    QE_IDENTITY_ISSUER_CHAIN("qe_identity_issuer_chain.pem"),
    PCK_CRL("pck_crl.der"),
    PCK_CRL_ISSUER_CHAIN("pck_crl_issuer_chain.pem"),
    ROOT_CA_CRL("root_ca_crl.der");

    private final String fileName;

    Part(String fileName) {
      this.fileName = fileName;
    }

    public String fileName() {
      return fileName;
    }
  }

  public Collateral {
    parts = parts.isEmpty() ? Map.of() : Map.copyOf(new EnumMap<>(parts));
  }

  public Optional<Bytes> part(Part part) {
    return Optional.ofNullable(parts.get(part));
  }

  Bytes need(Part part) throws Refusal {
    Bytes bytes = parts.get(part);
    if (bytes == null) {
      throw new Refusal(Reason.COLLATERAL_MISSING, part.fileName(), "nothing", "the file");
    }
    return bytes;
  }
}
