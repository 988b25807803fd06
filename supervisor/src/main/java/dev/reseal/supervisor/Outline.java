package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Limits;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * The outline of a container that the supervisor reads back (protocol 5.1, 5.7): enough to name it,
 * nothing that would need a key. What it names is checked by those who open it.
 */
public record Outline(Bytes bodyId, long size) {
  private static final Bytes MAGIC = Bytes.hex("525343310d0a1a0a");
  private static final Bytes END = Bytes.hex("52534331454e440a");

  /** Throws {@link IOException} if the file is torn or no container. */
  public static Outline read(Path path) throws IOException {
    try (FileChannel file = FileChannel.open(path)) {
      long size = file.size();
      if (!read(file, 0, 8).equals(MAGIC) || !read(file, size - 8, 8).equals(END)) {
        throw new IOException(path.getFileName() + " is not a whole container");
      }
      Bytes core = sized(file, 8, Limits.CORE);
      long mark = read(file, size - 16, 8).buffer().getLong();
      if (mark < 0 || mark > size - 16 - 5 || read(file, mark, 1).at(0) != 0x46) {
        throw new IOException(path.getFileName() + " has no footer where its trailer says");
      }
      Bytes footer = sized(file, mark + 1, Limits.FOOTER);
      if (mark + 5 + footer.size() + 16 != size) {
        throw new IOException(path.getFileName() + " has bytes behind its footer");
      }
      return new Outline(Digests.body(core, footer), size);
    }
  }

  private static Bytes sized(FileChannel file, long at, int most) throws IOException {
    int length = read(file, at, 4).buffer().getInt();
    if (length < 1 || length > most) {
      throw new IOException("a part of " + length + " bytes, at most " + most);
    }
    return read(file, at + 4, length);
  }

  private static Bytes read(FileChannel file, long at, int size) throws IOException {
    if (at < 0) {
      throw new EOFException("the file is too short for a container");
    }
    ByteBuffer buffer = ByteBuffer.allocate(size);
    long position = at;
    while (buffer.hasRemaining()) {
      int count = file.read(buffer, position);
      if (count < 0) {
        throw new EOFException("the file ends at " + position);
      }
      position += count;
    }
    return Bytes.wrap(buffer.array());
  }
}
