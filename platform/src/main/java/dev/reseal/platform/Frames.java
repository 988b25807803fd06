package dev.reseal.platform;

import dev.reseal.bytes.Bytes;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The frames of local sockets (transport T1): u32 length, then that many bytes, at most 1 MiB. */
public final class Frames {
  public static final int LARGEST = 1 << 20;

  private Frames() {}

  /** The next frame, or empty when the peer has ended the connection between two frames. */
  public static Optional<Bytes> read(InputStream in) throws IOException {
    int first = in.read();
    if (first < 0) {
      return Optional.empty();
    }
    DataInputStream rest = new DataInputStream(in);
    long size = (first & 0xffL) << 24 | rest.readUnsignedByte() << 16 | rest.readUnsignedShort();
    if (size > LARGEST) {
      throw new IOException("frame of " + size + " bytes announced, at most " + LARGEST);
    }
    byte[] content = new byte[(int) size];
    int got = rest.readNBytes(content, 0, content.length);
    if (got < content.length) {
      throw new EOFException("frame of " + size + " bytes ends after " + got);
    }
    return Optional.of(Bytes.wrap(content));
  }

  public static void write(OutputStream out, Bytes content) throws IOException {
    if (content.size() > LARGEST) {
      throw new IOException("frame of " + content.size() + " bytes asked, at most " + LARGEST);
    }
    byte[] framed = new byte[4 + content.size()];
    ByteBuffer.wrap(framed).putInt(content.size()).put(content.buffer());
    out.write(framed);
    out.flush();
  }
}
