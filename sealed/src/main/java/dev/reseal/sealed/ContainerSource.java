package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a container is read from: its end first, then the whole as a stream. */
public interface ContainerSource {
  /**
   * The end of a container.
   *
   * @param size of the whole container
   * @param last the last bytes, at most those asked for
   */
  record Tail(long size, Bytes last) {}

  Tail tail(int most) throws IOException;

  InputStream open() throws IOException;

  static ContainerSource file(Path path) {
    return new ContainerSource() {
      @Override
      public Tail tail(int most) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
          long size = file.length();
          byte[] last = new byte[(int) Math.min(size, most)];
          file.seek(size - last.length);
          file.readFully(last);
          return new Tail(size, Bytes.wrap(last));
        }
      }

      @Override
      public InputStream open() throws IOException {
        return new BufferedInputStream(Files.newInputStream(path), 1 << 16);
      }
    };
  }

  static ContainerSource of(Bytes content) {
    return new ContainerSource() {
      @Override
      public Tail tail(int most) {
        int size = Math.min(most, content.size());
        return new Tail(content.size(), content.slice(content.size() - size, size));
      }

      @Override
      public InputStream open() {
        return new java.io.ByteArrayInputStream(content.toArray());
      }
    };
  }
}
