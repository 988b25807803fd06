package dev.reseal.mutation;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A message that an honest sender would send now.
 *
 * @param signer who signed it
 * @param former a key that once was obeyed in its place
 * @param olderFence of an operation before the one that it is about
 */
public record Good(
    MessageType type, Bytes cose, SigningKey signer, SigningKey former, long olderFence) {
  private static final int CUTS = 23;
  private static final int LINEAGE = 3;
  private static final int OPERATION = 4;
  private static final int FENCE = 5;
  private static final int EPOCH = 6;

  /** The wrong ones; where only the time is wrong, the good one. */
  public List<Bytes> made(Mutation mutation) {
    return switch (mutation) {
      case GOOD, AGAIN, REPLAYED -> List.of(cose);
      case LINEAGE -> List.of(with(LINEAGE, Cbor.of(Bytes.ascii("another lineage!"))));
      case OPERATION -> List.of(with(OPERATION, Cbor.of(Bytes.ascii("another operatio"))));
      // no epoch is before that of a log head
      case OLD_EPOCH -> List.of(with(EPOCH, Cbor.of(Math.abs(number(EPOCH) - 1))));
      case NEW_EPOCH -> List.of(with(EPOCH, Cbor.of(number(EPOCH) + 1)));
      case OLD_FENCE -> List.of(with(FENCE, Cbor.of(olderFence)));
      case NEW_FENCE -> List.of(with(FENCE, Cbor.of(number(FENCE) + 1)));
      case SIGNER -> List.of(signed(payload(), SigningKey.generate(Randomness.system())));
      case OLD_KEY -> List.of(signed(payload(), former));
      case TYPE -> otherTypes();
      case SIGNATURE -> List.of(flipped(cose.size() - 1), flipped(cose.size() - 64));
      case TRUNCATED -> cuts();
      case OVERSIZED -> List.of(Bytes.concat(cose, Bytes.zeros(type.most())));
      case ENVELOPE -> envelopes();
      case PAYLOAD ->
          List.of(signed(longMap(payload()), signer), signed(longKey(payload()), signer));
    };
  }

  private Bytes payload() {
    return Cose.parse(cose, type.most()).payload();
  }

  private Cbor.Map fields() {
    return (Cbor.Map) Cbor.decode(payload());
  }

  private long number(long field) {
    return ((Cbor.Int) Objects.requireNonNull(fields().entries().get(field))).value();
  }

  private Bytes signed(Bytes payload, SigningKey key) {
    return Cose.sign(type.wireName(), payload, key);
  }

  /** Signed by the right one; in a request, what it asks for says the same as its head. */
  private Bytes with(long field, Cbor value) {
    Cbor.Map changed = replaced(fields(), field, value);
    if (type == MessageType.REQUEST) {
      Bytes ask = ((Cbor.Bin) Objects.requireNonNull(changed.entries().get(10L))).value();
      // lineage, op_id, fence and epoch are fields 1 to 4 of an ask
      Bytes other = replaced((Cbor.Map) Cbor.decode(ask), field - 2, value).encode();
      changed = replaced(changed, 10, Cbor.of(other));
    }
    return signed(changed.encode(), signer);
  }

  private static Cbor.Map replaced(Cbor.Map map, long key, Cbor value) {
    return map.without(key).with(key, value);
  }

  private List<Bytes> otherTypes() {
    return Arrays.stream(MessageType.values())
        .filter(other -> other != type)
        .map(other -> Cose.sign(other.wireName(), payload(), signer))
        .toList();
  }

  private Bytes flipped(int at) {
    byte[] flipped = cose.toArray();
    flipped[at] ^= 1;
    return Bytes.wrap(flipped);
  }

  private List<Bytes> cuts() {
    List<Bytes> cuts = new ArrayList<>(List.of(cose.slice(0, cose.size() - 1)));
    for (int i = 0; i < CUTS; i++) {
      cuts.add(cose.slice(0, cose.size() * i / CUTS));
    }
    return cuts;
  }

  /** In a longer form: the array's length, the header's, the payload's, the signature's. */
  private List<Bytes> envelopes() {
    int payloadAt = 2 + 2 + 38 + 1;
    int head = payload().size() < 256 ? 2 : 3;
    int signatureAt = payloadAt + head + payload().size();
    Bytes size = Bytes.u32(payload().size());
    return List.of(
        replaced(1, 1, Bytes.hex("9804")),
        replaced(2, 2, Bytes.hex("590026")),
        replaced(payloadAt, head, Bytes.concat(Bytes.hex("5a"), size)),
        replaced(signatureAt, 2, Bytes.hex("590040")));
  }

  private Bytes replaced(int at, int size, Bytes by) {
    int end = at + size;
    return Bytes.concat(cose.slice(0, at), by, cose.slice(end, cose.size() - end));
  }

  private static Bytes longMap(Bytes payload) {
    byte count = (byte) (payload.at(0) & 0x1f);
    Bytes head = Bytes.wrap(new byte[] {(byte) 0xb8, count});
    return Bytes.concat(head, payload.slice(1, payload.size() - 1));
  }

  private static Bytes longKey(Bytes payload) {
    return Bytes.concat(
        payload.slice(0, 1), Bytes.hex("1801"), payload.slice(2, payload.size() - 2));
  }
}
