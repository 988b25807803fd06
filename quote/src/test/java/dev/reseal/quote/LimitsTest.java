package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.sgx.MalformedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sizes that are bounded, each limit from both sides; and what parts say of themselves. */
class LimitsTest {
  private TestPki.Built good;

  @BeforeEach
  void build() {
    good = new TestPki().build();
  }

  private Bytes part(Part part) {
    return good.collateral().part(part).orElseThrow();
  }

  @Test
  void aQuoteFillsAtMostOneMebibyte() throws Exception {
    Bytes most = Bytes.concat(good.quote(), Bytes.zeros(Quote.MAX_SIZE - good.quote().size()));
    assertThat(Quote.parse(most)).isEqualTo(Quote.parse(good.quote()));
    assertThatThrownBy(() -> Quote.parse(Bytes.concat(most, Bytes.zeros(1))))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void signedJsonFillsAtMostOneMebibyte() throws Exception {
    List<String> names = List.of("tcbInfo");
    Bytes info = part(Part.TCB_INFO);
    Bytes most = Bytes.concat(info, Bytes.ascii(" ".repeat((1 << 20) - info.size())));
    assertThat(SignedJson.parse(names, most).value().has("fmspc")).isTrue();
    assertThatThrownBy(() -> SignedJson.parse(names, Bytes.concat(most, Bytes.ascii(" "))))
        .isInstanceOf(MalformedException.class);
  }

  private static TcbInfo levels(int count) throws MalformedException {
    List<String> levels = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      levels.add(TestCollateral.sgxLevel(8, i, "UpToDate"));
    }
    TestPki pki = new TestPki();
    pki.levels.clear();
    pki.levels.addAll(levels);
    Bytes info = pki.build().collateral().part(Part.TCB_INFO).orElseThrow();
    return TcbInfo.read(SignedJson.parse(List.of("tcbInfo"), info).value());
  }

  @Test
  void tcbInfoHasAtMostAThousandLevels() throws Exception {
    assertThat(levels(1000).levels()).hasSize(1000);
    assertThatThrownBy(() -> levels(1001)).isInstanceOf(MalformedException.class);
  }

  @Test
  void partsDescribeThemselves() throws Exception {
    List<CollateralSummary.Line> lines = CollateralSummary.of(good.collateral()).lines();
    assertThat(lines)
        .extracting(line -> line.part().fileName() + ": " + line.what())
        .containsExactly(
            "tcb_info.json: SGX FMSPC 00906ed50000, evaluation number 17, 2 levels",
            "tcb_info_issuer_chain.pem: CN=Intel SGX TCB Signing, CN=Test SGX Root CA",
            "qe_identity.json: QE, evaluation number 17, newest ISVSVN 8",
            "qe_identity_issuer_chain.pem: CN=Intel SGX TCB Signing, CN=Test SGX Root CA",
            "pck_crl.der: by CN=Intel SGX PCK Platform CA, number 7, 0 revoked",
            "pck_crl_issuer_chain.pem: CN=Intel SGX PCK Platform CA, CN=Test SGX Root CA",
            "root_ca_crl.der: by CN=Test SGX Root CA, number 7, 0 revoked");
    assertThat(lines.getFirst().from()).isEqualTo(TestPki.ISSUED);
    assertThat(lines.getFirst().until()).isEqualTo(TestPki.UNTIL);
  }

  @Test
  void aPartThatIsNotThereHasNoLine() throws Exception {
    Collateral one =
        new Collateral(
            Map.of(Part.ROOT_CA_CRL, good.collateral().part(Part.ROOT_CA_CRL).orElseThrow()));
    assertThat(CollateralSummary.of(one).lines()).hasSize(1);
  }

  @Test
  void anFmspcHasSixBytes() {
    assertThat(new Origin(Tee.SGX, Bytes.zeros(6), Origin.Authority.PLATFORM).fmspc()).isNotNull();
    assertThatThrownBy(() -> new Origin(Tee.SGX, Bytes.zeros(5), Origin.Authority.PLATFORM))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Origin origin(TestPki pki) throws MalformedException {
    return Origin.of(pki.build().quote());
  }

  @Test
  void aQuoteSaysWhichCollateralItNeeds() throws Exception {
    TestPki processor = new TestPki();
    processor.intermediate = CertSpec.authority("Intel SGX PCK Processor CA", 2, 0);
    assertThat(origin(processor).authority().word()).isEqualTo("processor");
    assertThat(origin(new TestPki().tdx(4)))
        .isEqualTo(new Origin(Tee.TDX, Bytes.hex(TestPki.FMSPC), Origin.Authority.PLATFORM));
    assertThat(Origin.Authority.PLATFORM.word()).isEqualTo("platform");
    TestPki signer = new TestPki();
    signer.pckPem = _ -> signer.tcbSigner.pem(signer.root);
    assertThatThrownBy(() -> origin(signer)).hasMessageContaining("no SGX extension");
    TestPki ppid = new TestPki();
    ppid.certType = 2;
    ppid.certData = java.util.Optional.of(Bytes.zeros(276));
    assertThatThrownBy(() -> origin(ppid)).hasMessageContaining("RSA-2048");
  }

  @Test
  void certificationDataSaysWhatItWouldNeed() {
    List<String> needs =
        List.of(
            "plain PPID", "RSA-2048", "RSA-3072", "issuer chain", "type 5", "type 5", "manifest");
    for (int type = 1; type <= 7; type++) {
      assertThat(new CertificationData(type, Bytes.EMPTY).needed()).contains(needs.get(type - 1));
    }
  }

  @Test
  void certificationDataHasTheSizeOfItsType() throws Exception {
    for (int size : new int[] {34, 36}) {
      TestPki pki = new TestPki();
      pki.certType = 1;
      pki.certData = java.util.Optional.of(Bytes.zeros(size));
      assertThat(Quote.parse(pki.build().quote()).certification().data())
          .hasToString("00".repeat(size));
    }
  }

  @Test
  void aRootIsSelfIssuedAndCollateralMayBeEmpty() throws Exception {
    TestPki pki = new TestPki();
    Bytes signer = Bytes.ascii(pki.tcbSigner.pem(pki.root));
    assertThatThrownBy(() -> TrustAnchors.ofPem(signer)).hasMessageContaining("self-issued");
    assertThat(TrustAnchors.ofPem(Bytes.ascii(pki.root.pem(pki.root))).kinds()).hasSize(1);
    assertThat(new Collateral(java.util.Map.of()).parts()).isEmpty();
  }
}
