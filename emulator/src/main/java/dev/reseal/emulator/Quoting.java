package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.ReportBody;
import java.security.KeyPair;

/**
 * The quoting enclave: DCAP quotes version 3 with an ECDSA-P256 attestation key that the PCK key
 * certifies (sgx_quote_3.h). It is part of the daemon and has an identity of its own.
 *
 * @param pckChain PEM of leaf, intermediate and root
 */
public record Quoting(Tcb tcb, KeyPair attestation, KeyPair pck, Bytes pckChain, Bytes qeId) {
  private static final Bytes VENDOR = Bytes.hex("939a7233f79c4ca9940a0db3957f0607");
  private static final int ECDSA_P256 = 2;
  private static final int PCK_CHAIN = 5;

  /** The emulated QE: nobody's signer, product 1, SVN 8. */
  static final EnclaveIdentity QE =
      new EnclaveIdentity(
          Bytes.ascii("reseal emulated quoting enclave").sha256(),
          Bytes.ascii("reseal emulated quoting enclave signer").sha256(),
          new Attributes(
              Attributes.INIT | Attributes.MODE64BIT | Attributes.PROVISIONKEY,
              Attributes.XFRM_LEGACY),
          0,
          1,
          8,
          Bytes.zeros(64),
          0,
          Bytes.zeros(16),
          Bytes.zeros(16));

  /** The quote over a report body, which the caller has checked to be a local report's. */
  public Bytes quote(ReportBody body) {
    Bytes signed = Bytes.concat(header(), body.encode());
    Bytes point = Keys.point(attestation.getPublic());
    Bytes authData = sequence();
    Bytes binding = Bytes.concat(Bytes.sha256(point, authData), Bytes.zeros(32));
    Bytes qeReport = QE.report(tcb.cpuSvn(), binding).encode();
    int size = 64 + 64 + 384 + 64 + 2 + authData.size() + 2 + 4 + pckChain.size();
    return new LittleEndian(signed.size() + 4 + size)
        .bytes(signed)
        .u32(size)
        .bytes(Keys.sign(attestation.getPrivate(), signed))
        .bytes(point)
        .bytes(qeReport)
        .bytes(Keys.sign(pck.getPrivate(), qeReport))
        .u16(authData.size())
        .bytes(authData)
        .u16(PCK_CHAIN)
        .u32(pckChain.size())
        .bytes(pckChain)
        .done();
  }

  private Bytes header() {
    return new LittleEndian(48)
        .u16(3)
        .u16(ECDSA_P256)
        .u32(0)
        .u16(QE.isvSvn())
        .u16(tcb.pceSvn())
        .bytes(VENDOR)
        .bytes(qeId)
        .done();
  }

  /** 32 bytes 00 to 1f, which real quoting enclaves use as authentication data. */
  private static Bytes sequence() {
    byte[] data = new byte[32];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) i;
    }
    return Bytes.wrap(data);
  }
}
