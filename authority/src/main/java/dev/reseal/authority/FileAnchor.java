package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The anchor as one line in a file beside the database: protects against restoring the database
 * alone.
 */
public final class FileAnchor implements Anchor {
  private static final Pattern MARK = Pattern.compile("([1-9][0-9]{0,17}) ([0-9a-f]{64})\n");

  private final Path path;

  public FileAnchor(Path path) {
    this.path = path;
  }

  @Override
  public Optional<Mark> read() {
    try {
      Matcher mark = MARK.matcher(Files.readString(path, StandardCharsets.US_ASCII));
      if (!mark.matches()) {
        throw new StoreException("the anchor " + path + " is damaged: need a number and a hash");
      }
      return Optional.of(new Mark(Long.parseLong(mark.group(1)), Bytes.hex(mark.group(2))));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException broken) {
      throw new StoreException("cannot read the anchor " + path, broken);
    }
  }

  @Override
  public void advance(Optional<Mark> from, Mark to) {
    if (!read().equals(from)) {
      throw new StoreException("the anchor " + path + " is at " + read() + ", expected " + from);
    }
    try {
      DurableFile.replace(path, Bytes.ascii(to.seq() + " " + to.hash() + "\n"));
    } catch (IOException refused) {
      throw new StoreException("cannot advance the anchor " + path, refused);
    }
  }
}
