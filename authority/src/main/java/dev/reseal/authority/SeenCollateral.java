package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Evidence;
import dev.reseal.quote.Floor;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What an authority must not forget of evidence, in one file: the newest collateral seen for each
 * family of platforms, and when a lineage last granted to a platform without grace. Written before
 * the verdict is given, or the grant; a file that cannot be read or written stops judging.
 *
 * <p>Lines: {@code floor FAMILY EVALUATION ROOT_CRL PCK_CRL ISSUED} and {@code member LINEAGE
 * PLATFORM INSTANT}.
 */
public final class SeenCollateral {
  /** No policy can give a longer grace, so older memories are of no use. */
  static final Duration LONGEST_GRACE = Duration.ofDays(90);

  private static final Duration RESOLUTION = Duration.ofMinutes(1);

  private final Optional<Path> file;
  private final Map<String, Floor> floors = new TreeMap<>();
  private final Map<String, Instant> members = new TreeMap<>();

  private SeenCollateral(Optional<Path> file) {
    this.file = file;
  }

  /** Nothing is kept beyond this process. */
  public static SeenCollateral inMemory() {
    return new SeenCollateral(Optional.empty());
  }

  /** Kept in {@code file}, which need not exist; {@link StoreException} if it is damaged. */
  public static SeenCollateral in(Path file) {
    SeenCollateral seen = new SeenCollateral(Optional.of(file));
    try {
      if (Files.exists(file)) {
        Files.readAllLines(file, StandardCharsets.US_ASCII).forEach(seen::read);
      }
    } catch (IOException | IllegalArgumentException | DateTimeException damaged) {
      throw new StoreException(
          "cannot read " + file + ", the memory of the newest collateral: restore it", damaged);
    }
    return seen;
  }

  private void read(String line) {
    String[] words = line.split(" ", -1);
    if (words.length == 6 && words[0].equals("floor")) {
      floors.put(
          words[1],
          new Floor(
              Integer.parseInt(words[2]),
              new BigInteger(words[3]),
              new BigInteger(words[4]),
              Instant.parse(words[5])));
    } else if (words.length == 4 && words[0].equals("member")) {
      members.put(words[1] + " " + words[2], Instant.parse(words[3]));
    } else {
      throw new IllegalArgumentException("a line that is neither floor nor member: " + line);
    }
  }

  /** The newest collateral seen for {@code family}. */
  synchronized Floor floor(Bytes family) {
    return floors.getOrDefault(family.toHex(), Floor.NONE);
  }

  /** Remembers collateral whose signatures and dates were good, whatever became of the quote. */
  synchronized void raise(Bytes family, Evidence evidence) {
    Floor before = floor(family);
    Floor after = before.raise(evidence);
    if (!after.equals(before)) {
      floors.put(family.toHex(), after);
      write();
    }
  }

  /** When {@code lineage} last granted to {@code platform} without grace. */
  synchronized Optional<Instant> lastAccepted(Bytes lineage, Bytes platform) {
    return Optional.ofNullable(members.get(lineage.toHex() + " " + platform.toHex()));
  }

  synchronized void accepted(Bytes lineage, Bytes platform, Instant at) {
    boolean recent =
        lastAccepted(lineage, platform)
            .filter(last -> at.isBefore(last.plus(RESOLUTION)))
            .isPresent();
    if (!recent) {
      members.values().removeIf(last -> last.plus(LONGEST_GRACE).isBefore(at));
      members.put(lineage.toHex() + " " + platform.toHex(), at);
      write();
    }
  }

  private void write() {
    if (file.isEmpty()) {
      return;
    }
    StringBuilder lines = new StringBuilder();
    floors.forEach((family, floor) ->
        lines
            .append("floor ")
            .append(
                String.join(
                    " ",
                    family,
                    Integer.toString(floor.tcbEvaluationNumber()),
                    floor.rootCrlNumber().toString(),
                    floor.pckCrlNumber().toString(),
                    floor.issued().toString()))
            .append('\n'));
    members.forEach((member, at) -> lines.append("member " + member + " " + at + "\n"));
    try {
      DurableFile.replace(file.get(), Bytes.ascii(lines.toString()));
    } catch (IOException refused) {
      throw new StoreException("cannot write " + file.get(), refused);
    }
  }
}
