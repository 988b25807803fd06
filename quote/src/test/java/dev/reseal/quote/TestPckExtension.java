package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import org.bouncycastle.asn1.ASN1Boolean;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Enumerated;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;

/** The SGX extension of the test PKI's PCK certificates. */
final class TestPckExtension {
  private static final String OID = "1.2.840.113741.1.13.1";

  private TestPckExtension() {}

  static DERSequence of(byte[] components, int pceSvn) {
    return of(components, pceSvn, TestPki.FMSPC, "0000");
  }

  static DERSequence of(byte[] components, int pceSvn, String fmspc, String pceId) {
    ASN1EncodableVector all = new ASN1EncodableVector();
    all.add(entry("1", octets(Bytes.zeros(16))));
    ASN1EncodableVector tcb = new ASN1EncodableVector();
    for (int i = 0; i < 16; i++) {
      tcb.add(entry("2." + (i + 1), new ASN1Integer(components[i] & 0xff)));
    }
    tcb.add(entry("2.17", new ASN1Integer(pceSvn)));
    tcb.add(entry("2.18", octets(Bytes.of(components))));
    all.add(entry("2", new DERSequence(tcb)));
    all.add(entry("3", octets(Bytes.hex(pceId))));
    all.add(entry("4", octets(Bytes.hex(fmspc))));
    all.add(entry("5", new ASN1Enumerated(1)));
    all.add(entry("6", octets(Bytes.zeros(16))));
    ASN1EncodableVector configuration = new ASN1EncodableVector();
    configuration.add(entry("7.1", ASN1Boolean.TRUE));
    configuration.add(entry("7.2", ASN1Boolean.FALSE));
    configuration.add(entry("7.3", ASN1Boolean.TRUE));
    all.add(entry("7", new DERSequence(configuration)));
    return new DERSequence(all);
  }

  private static DERSequence entry(String suffix, ASN1Encodable value) {
    ASN1EncodableVector pair = new ASN1EncodableVector();
    pair.add(new ASN1ObjectIdentifier(OID + "." + suffix));
    pair.add(value);
    return new DERSequence(pair);
  }

  private static DEROctetString octets(Bytes value) {
    return new DEROctetString(value.toArray());
  }
}
