package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import org.bouncycastle.asn1.ASN1Boolean;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Enumerated;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;

/**
 * The SGX extension of a PCK certificate of the platform CA (PCK certificate and CRL profile),
 * seven entries.
 */
final class PckExtension {
  static final ASN1ObjectIdentifier OID = new ASN1ObjectIdentifier("1.2.840.113741.1.13.1");

  private PckExtension() {}

  static ASN1EncodableVector of(PlatformIdentity platform) {
    ASN1EncodableVector all = new ASN1EncodableVector();
    all.add(entry("1", octets(platform.ppid())));
    all.add(entry("2", tcb(platform.tcb())));
    all.add(entry("3", octets(platform.pceId())));
    all.add(entry("4", octets(platform.fmspc())));
    all.add(entry("5", new ASN1Enumerated(1)));
    all.add(entry("6", octets(platform.instanceId())));
    ASN1EncodableVector configuration = new ASN1EncodableVector();
    configuration.add(entry("7.1", ASN1Boolean.TRUE));
    configuration.add(entry("7.2", ASN1Boolean.FALSE));
    configuration.add(entry("7.3", ASN1Boolean.FALSE));
    all.add(entry("7", new DERSequence(configuration)));
    return all;
  }

  private static DERSequence tcb(Tcb tcb) {
    ASN1EncodableVector parts = new ASN1EncodableVector();
    for (int i = 0; i < 16; i++) {
      parts.add(entry("2." + (i + 1), new ASN1Integer(tcb.cpuSvn().at(i) & 0xff)));
    }
    parts.add(entry("2.17", new ASN1Integer(tcb.pceSvn())));
    parts.add(entry("2.18", octets(tcb.cpuSvn())));
    return new DERSequence(parts);
  }

  private static DERSequence entry(String suffix, ASN1Encodable value) {
    ASN1EncodableVector pair = new ASN1EncodableVector();
    pair.add(new ASN1ObjectIdentifier(OID.getId() + "." + suffix));
    pair.add(value);
    return new DERSequence(pair);
  }

  private static DEROctetString octets(Bytes value) {
    return new DEROctetString(value.toArray());
  }
}
