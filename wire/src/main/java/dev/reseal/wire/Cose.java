package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.WireException.Rule;
import java.util.List;

/**
 * COSE_Sign1 with ES256 in the one form of protocol 6.1: tag 18, protected {@code {1: -7, 4: kid}},
 * empty unprotected map, payload, 64-byte signature; external aad {@code "reseal/v1/" + type name}.
 *
 * @param kid SHA-256 of the signer's SPKI, as claimed
 * @param payload not yet verified; use what {@link #verify} returns
 */
public record Cose(Bytes kid, Bytes payload, Bytes signature) {
  private static final Bytes TAG = Bytes.hex("d2");
  private static final Bytes PROTECTED = Bytes.hex("a20126045820");

  public static Bytes sign(String type, Bytes payload, SigningKey key) {
    Bytes header = Bytes.concat(PROTECTED, key.kid());
    Bytes signature = key.sign(toBeSigned(type, header, payload));
    return new Cose(key.kid(), payload, signature).encode();
  }

  /** Reads the envelope without checking the signature, to find out whose it claims to be. */
  public static Cose parse(Bytes message, int most) {
    if (message.size() > most) {
      throw new WireException(
          Rule.SIZE, "a message of " + message.size() + " bytes, more than " + most);
    }
    if (message.size() == 0) {
      throw new WireException(Rule.TRUNCATED, "an empty message");
    }
    if (!message.slice(0, 1).equals(TAG)) {
      throw new WireException(Rule.TYPE, "a message without tag 18");
    }
    Fields fields = Fields.ofArray(message.slice(1, message.size() - 1), "message");
    Bytes header = fields.bytes(0, PROTECTED.size() + 32);
    if (!header.slice(0, PROTECTED.size()).equals(PROTECTED)) {
      throw new WireException(Rule.FIELD, "a protected header that is not {1: -7, 4: kid}");
    }
    if (!fields.any(1).equals(Cbor.map())) {
      throw new WireException(Rule.FIELD, "an unprotected header that is not an empty map");
    }
    return fields.end(
        new Cose(
            header.slice(PROTECTED.size(), 32),
            fields.blob(2, most),
            fields.bytes(3, VerifyKey.SIGNATURE_SIZE)));
  }

  /** The payload, if one of {@code keys} signed it as a message of {@code type}. */
  public Bytes verify(String type, List<VerifyKey> keys) {
    for (VerifyKey key : keys) {
      if (key.kid().equals(kid)) {
        Bytes header = Bytes.concat(PROTECTED, kid);
        if (!key.verifies(toBeSigned(type, header, payload), signature)) {
          throw new WireException(Rule.SIGNATURE, "the signature of this " + type + " is wrong");
        }
        return payload;
      }
    }
    throw new WireException(Rule.SIGNER, "this " + type + " is signed by unknown key " + kid);
  }

  /** Parses and verifies in one step. */
  public static Bytes verify(String type, Bytes message, int most, VerifyKey key) {
    return parse(message, most).verify(type, List.of(key));
  }

  private Bytes encode() {
    Cbor.Array body =
        Cbor.array(
            Cbor.of(Bytes.concat(PROTECTED, kid)),
            Cbor.map(),
            Cbor.of(payload),
            Cbor.of(signature));
    return Bytes.concat(TAG, body.encode());
  }

  /** RFC 9052 4.4: Sig_structure. */
  private static Bytes toBeSigned(String type, Bytes header, Bytes payload) {
    return Cbor.array(
            Cbor.of("Signature1"),
            Cbor.of(header),
            Cbor.of(Bytes.ascii("reseal/v1/" + type)),
            Cbor.of(payload))
        .encode();
  }
}
