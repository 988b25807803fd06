package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The anchor in a file beside the database: protects against restoring the database alone.
 *
 * <p>Two lines, each on a block of the disk of its own and with its SHA-256; the higher number
 * counts. A mark is written over the older line, so that a crash leaves the newer one, and a sync
 * has no new file to enter into the file system's journal: three of them are in every re-seal's
 * gap.
 */
public final class FileAnchor implements Anchor {
  private static final int BLOCK = 4096;
  private static final Pattern LINE =
      Pattern.compile("(([1-9][0-9]{0,17}) ([0-9a-f]{64})) ([0-9a-f]{64}) *\n");

  private final Path path;

  public FileAnchor(Path path) {
    this.path = path;
  }

  /** What the two lines say, empty where one is not whole. */
  private record Lines(Optional<Mark> first, Optional<Mark> second) {
    private Optional<Mark> newest() {
      return Stream.of(first, second)
          .flatMap(Optional::stream)
          .max(Comparator.comparingLong(Mark::seq));
    }

    private int older() {
      return newest().equals(first) ? 1 : 0;
    }
  }

  @Override
  public Optional<Mark> read() {
    return lines().flatMap(Lines::newest);
  }

  /** Empty before the first mark. */
  private Optional<Lines> lines() {
    try {
      String whole = Files.readString(path, StandardCharsets.ISO_8859_1);
      if (whole.length() == 2 * BLOCK) {
        Lines lines = new Lines(mark(whole.substring(0, BLOCK)), mark(whole.substring(BLOCK)));
        if (lines.newest().isPresent()) {
          return Optional.of(lines);
        }
      }
      throw new StoreException(
          "the anchor " + path + " is damaged: neither of its lines is a number and a hash");
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException broken) {
      throw new StoreException("cannot read the anchor " + path, broken);
    }
  }

  private static Optional<Mark> mark(String line) {
    Matcher found = LINE.matcher(line);
    return found.matches() && Bytes.ascii(found.group(1)).sha256().toHex().equals(found.group(4))
        ? Optional.of(new Mark(Long.parseLong(found.group(2)), Bytes.hex(found.group(3))))
        : Optional.empty();
  }

  private static Bytes line(Mark mark) {
    String said = mark.seq() + " " + mark.hash().toHex();
    String whole = said + " " + Bytes.ascii(said).sha256().toHex();
    return Bytes.ascii(whole + " ".repeat(BLOCK - 1 - whole.length()) + "\n");
  }

  @Override
  public void advance(Optional<Mark> from, Mark to) {
    Optional<Lines> lines = lines();
    Optional<Mark> found = lines.flatMap(Lines::newest);
    if (!found.equals(from)) {
      throw new StoreException("the anchor " + path + " is at " + found + ", expected " + from);
    }
    try {
      if (lines.isPresent()) {
        DurableFile.overwrite(path, (long) BLOCK * lines.get().older(), line(to));
      } else {
        DurableFile.replace(path, Bytes.concat(line(to), Bytes.zeros(BLOCK)));
      }
    } catch (IOException refused) {
      throw new StoreException("cannot advance the anchor " + path, refused);
    }
  }
}
