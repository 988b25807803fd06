package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;

/**
 * A blob sealed by the Intel SDK ({@code sgx_sealed_data_t}): the request for its key in clear, an
 * AES-128-GCM tag, the ciphertext, and text that is authenticated but not encrypted.
 *
 * @param ciphertext at least one byte
 */
public record SdkSealed(KeyRequest keyRequest, Bytes tag, Bytes ciphertext, Bytes clearText) {
  /** Bytes before the ciphertext. */
  public static final int HEADER = 560;

  public SdkSealed {
    Check.size("tag", tag, 16);
    if (ciphertext.size() == 0) {
      throw new IllegalArgumentException("a sealed blob holds at least one byte");
    }
  }

  public static SdkSealed parse(Bytes bytes) throws MalformedException {
    String what = "sealed blob";
    if (bytes.size() <= HEADER) {
      throw new MalformedException(
          what, bytes.size(), bytes.size() + " bytes", "more than " + HEADER);
    }
    KeyRequest keyRequest = KeyRequest.parse(bytes.slice(0, KeyRequest.SIZE));
    Fields in = Fields.exactly(48, what + " lengths", bytes.slice(KeyRequest.SIZE, 48));
    long cipherSize = in.u32();
    in.zero(12);
    long payload = in.u32();
    in.zero(12);
    Bytes tag = in.bytes(16);
    if (payload != bytes.size() - HEADER) {
      throw new MalformedException(
          what, 528, "payload_size " + payload, (bytes.size() - HEADER) + ", what follows");
    }
    if (cipherSize == 0 || cipherSize > payload) {
      throw new MalformedException(
          what, 512, "plain_text_offset " + cipherSize, "1 to payload_size " + payload);
    }
    int size = (int) cipherSize;
    return new SdkSealed(
        keyRequest,
        tag,
        bytes.slice(HEADER, size),
        bytes.slice(HEADER + size, bytes.size() - HEADER - size));
  }

  public Bytes encode() {
    Bytes lengths =
        new Writer(48)
            .u32(ciphertext.size())
            .zero(12)
            .u32(ciphertext.size() + clearText.size())
            .zero(12)
            .bytes(tag)
            .done();
    return Bytes.concat(keyRequest.encode(), lengths, ciphertext, clearText);
  }
}
