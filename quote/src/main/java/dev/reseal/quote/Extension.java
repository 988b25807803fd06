package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;

/**
 * One extension of a certificate, of a CRL or of an entry in one (RFC 5280, 4.1).
 *
 * @param oid content of its OID
 * @param value content of its OCTET STRING
 */
record Extension(Bytes oid, boolean critical, Bytes value) {
  static Extension read(DerReader in) throws MalformedException {
    DerReader extension = in.enter(DerReader.SEQUENCE);
    Bytes oid = extension.oid();
    boolean critical = extension.next(DerReader.BOOLEAN) && extension.bool();
    Bytes value = extension.enter(DerReader.OCTET_STRING).rest();
    extension.end();
    return new Extension(oid, critical, value);
  }
}
