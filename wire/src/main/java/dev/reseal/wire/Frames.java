package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.WireException.Rule;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/** Frames of the local sockets (transport T1): u32 length, then CBOR of at most 1 MiB. */
public final class Frames {
  private Frames() {}

  public static void write(OutputStream out, Cbor item) throws IOException {
    write(out, item.encode());
  }

  /** The same of an item that is encoded already. */
  public static void write(OutputStream out, Bytes body) throws IOException {
    if (body.size() > Limits.FRAME) {
      throw new IllegalArgumentException("a frame of " + body.size() + " bytes");
    }
    out.write(Bytes.concat(Bytes.u32(body.size()), body).toArray());
    out.flush();
  }

  /** The next item; empty at a clean end. Throws {@link WireException} on anything else. */
  public static Optional<Cbor> read(InputStream in) throws IOException {
    byte[] head = in.readNBytes(4);
    if (head.length == 0) {
      return Optional.empty();
    }
    if (head.length < 4) {
      throw new EOFException("the stream ends inside a frame's length");
    }
    long size =
        (head[0] & 0xffL) << 24 | (head[1] & 0xff) << 16 | (head[2] & 0xff) << 8 | (head[3] & 0xff);
    if (size > Limits.FRAME) {
      throw new WireException(Rule.SIZE, "a frame of " + size + " bytes");
    }
    byte[] body = in.readNBytes((int) size);
    if (body.length < size) {
      throw new EOFException("the stream ends inside a frame of " + size + " bytes");
    }
    return Optional.of(Cbor.decode(Bytes.wrap(body)));
  }
}
