package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * SHA-256 of files that stay in place, remembered as long as device, inode, size, modification and
 * change time are the same. A user who can set the change time can fool it, and then he owns the
 * machine.
 */
final class FileHashes {
  private static final int BUFFER = 1 << 16;

  private record Known(Map<String, Object> attributes, Bytes hash) {}

  private final Map<Path, Known> known = new ConcurrentHashMap<>();

  /** The hash of the file as it is now; throws {@link IOException} if it cannot be read. */
  Bytes of(Path file) throws IOException {
    Map<String, Object> now =
        Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime,ctime");
    Known before = known.get(file);
    if (before != null && before.attributes.equals(now)) {
      return before.hash;
    }
    Bytes hash = fresh(file);
    known.put(file, new Known(now, hash));
    return hash;
  }

  /** Reads the file whatever is remembered. */
  static Bytes fresh(Path file) throws IOException {
    MessageDigest digest = Bytes.newSha256();
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = Files.newInputStream(file)) {
      for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
        digest.update(buffer, 0, got);
      }
    }
    return Bytes.wrap(digest.digest());
  }
}
