package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Limits;
import dev.reseal.wire.WireException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Puts records together from authenticated plaintext; a record may span segments, not rounds. */
final class RecordParser {
  private final Consumer<StateRecord> staging;
  private final ByteBuffer length = ByteBuffer.allocate(4);
  private ByteBuffer body = ByteBuffer.allocate(0);
  private boolean inBody;

  RecordParser(Consumer<StateRecord> staging) {
    this.staging = staging;
  }

  void accept(byte[] plaintext, int size) {
    ByteBuffer in = ByteBuffer.wrap(plaintext, 0, size);
    while (in.hasRemaining()) {
      if (inBody) {
        move(in, body);
        if (!body.hasRemaining()) {
          staging.accept(parse(Bytes.wrap(body.array())));
          inBody = false;
        }
      } else {
        move(in, length);
        if (!length.hasRemaining()) {
          begin();
        }
      }
    }
  }

  private void begin() {
    long size = Integer.toUnsignedLong(length.getInt(0));
    if (size < 1 || size > Limits.RECORD) {
      throw new ContainerException(Rule.RECORD, "a record of " + size + " bytes");
    }
    length.clear();
    body = ByteBuffer.allocate((int) size);
    inBody = true;
  }

  void endOfRound() {
    if (inBody || length.position() > 0) {
      throw new ContainerException(Rule.RECORD, "a record spans two rounds");
    }
  }

  private static void move(ByteBuffer from, ByteBuffer to) {
    int size = Math.min(from.remaining(), to.remaining());
    to.put(to.position(), from, from.position(), size);
    to.position(to.position() + size);
    from.position(from.position() + size);
  }

  private static StateRecord parse(Bytes encoded) {
    try {
      Fields fields = Fields.ofArray(encoded, "record");
      StateRecord record =
          new StateRecord(
              fields.text(0),
              key(fields.blob(1, Limits.RECORD)),
              fields.uint(2),
              fields.blobOrNull(3, Limits.RECORD));
      record.value().ifPresent(value -> Cbor.check(value.buffer(), Cbor.Profile.VALUES));
      return fields.end(record);
    } catch (WireException refused) {
      throw new ContainerException(Rule.RECORD, refused.rule() + ": " + refused.detail());
    }
  }

  private static Bytes key(Bytes encoded) {
    return switch (Cbor.decode(encoded, Cbor.Profile.VALUES)) {
      case Cbor.Text _, Cbor.Int _, Cbor.Bin _ -> encoded;
      case Cbor.Array _, Cbor.Map _, Cbor.Dict _, Cbor.Bool _, Cbor.Null _, Cbor.Real _ ->
          throw new ContainerException(
              Rule.RECORD, "a key that is no text, integer or byte string");
    };
  }
}
