package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.util.List;

/**
 * Which collateral a quote needs, as it says itself: enough to ask for it, nothing is verified.
 *
 * @param fmspc 6 bytes
 * @param authority which CA issued the PCK certificate
 */
public record Origin(Tee tee, Bytes fmspc, Authority authority) {
  /** The CAs of PCK certificates, in the words of the provisioning service. */
  public enum Authority {
    PROCESSOR("processor", "Intel SGX PCK Processor CA"),
    PLATFORM("platform", "Intel SGX PCK Platform CA");

    private final String word;
    private final String commonName;

    Authority(String word, String commonName) {
      this.word = word;
      this.commonName = commonName;
    }

    String commonName() {
      return commonName;
    }

    public String word() {
      return word;
    }
  }

  public Origin {
    if (fmspc.size() != 6) {
      throw new IllegalArgumentException("an FMSPC has 6 bytes, not " + fmspc.size());
    }
  }

  public static Origin of(Bytes quote) throws MalformedException {
    Quote parsed = Quote.parse(quote);
    CertificationData data = parsed.certification();
    if (data.type() != CertificationData.PCK_CHAIN) {
      throw new MalformedException("certification data", 0, "type " + data.type(), data.needed());
    }
    List<Certificate> chain = Certificate.chain("PCK chain", data.data(), 3);
    Certificate leaf = chain.getFirst();
    PckExtension pck =
        leaf.extensions()
            .sgx()
            .orElseThrow(
                () -> new MalformedException("PCK chain", 0, "no SGX extension", "a PCK leaf"));
    String issuer = leaf.issuer().commonName();
    Authority authority =
        issuer.equals(Authority.PLATFORM.commonName()) ? Authority.PLATFORM : Authority.PROCESSOR;
    return new Origin(parsed.tee(), pck.fmspc(), authority);
  }
}
