package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The containers of one lineage on disk (protocol 5.7): written as {@code .tmp}, synced and read
 * back when they arrive; named {@code <hex body_id>.rsc} before a receipt or checkpoint is used.
 */
public final class Containers {
  private static final String SUFFIX = ".rsc";
  private static final int CHUNK = 1 << 20;

  /** Most states are smaller than a chunk. */
  private static final int FIRST_CHUNK = 1 << 16;

  private static final int SYNCED = 3;

  private final Path directory;
  private final AtomicLong numbers = new AtomicLong();
  private final Set<Path> arriving = ConcurrentHashMap.newKeySet();
  private final ConcurrentHashMap<Bytes, Path> arrived = new ConcurrentHashMap<>();

  /** The order since the start, which a clock that is set back does not change. */
  private final ConcurrentHashMap<Path, Long> kept = new ConcurrentHashMap<>();

  private volatile Optional<Bytes> newest = Optional.empty();

  public Containers(Path directory) {
    this.directory = directory;
  }

  /** Writes and syncs; memory use does not depend on the size. */
  public Outline receive(String handle, InputStream in) throws IOException {
    Path path = directory.resolve(handle + "-" + numbers.incrementAndGet() + ".tmp");
    boolean whole = false;
    arriving.add(path);
    try {
      write(path, in);
      Outline outline = Outline.read(path);
      arrived.put(outline.bodyId(), path);
      whole = true;
      return outline;
    } finally {
      arriving.remove(path);
      if (!whole) {
        Files.deleteIfExists(path);
      }
    }
  }

  public boolean holds(Bytes bodyId) {
    return arrived.containsKey(bodyId) || Files.exists(path(bodyId));
  }

  /** Gives an arrived container its name; idempotent. */
  public void keep(Bytes bodyId) throws IOException {
    Path from = arrived.get(bodyId);
    kept.putIfAbsent(path(bodyId), numbers.incrementAndGet());
    if (from != null && Files.exists(from)) {
      Files.move(from, path(bodyId), StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel synced = FileChannel.open(directory)) {
        synced.force(true);
      }
    }
    if (!Outline.read(path(bodyId)).bodyId().equals(bodyId)) {
      throw new IOException("container " + bodyId + " does not have the body of its name");
    }
    arrived.remove(bodyId);
    newest = Optional.of(bodyId);
  }

  /** The one that was kept last since the start: probably the state of the next candidate. */
  Optional<Bytes> newest() {
    return newest;
  }

  public Path path(Bytes bodyId) {
    return directory.resolve(bodyId.toHex() + SUFFIX);
  }

  /** Every container whose outline names the body of its file name. */
  public Set<Bytes> bodies() {
    Set<Bytes> bodies = new HashSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      for (Path file : files) {
        named(file).ifPresent(bodies::add);
      }
      return bodies;
    } catch (IOException refused) {
      throw new UncheckedIOException("cannot read " + directory, refused);
    }
  }

  /** After a restart: a synced but not yet renamed file of this body gets its name. */
  public void recover(Bytes bodyId) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.tmp")) {
      for (Path file : files) {
        if (outline(file).filter(bodyId::equals).isPresent()) {
          arrived.put(bodyId, file);
          keep(bodyId);
          return;
        }
      }
    }
  }

  /**
   * Deletes what the registered body supersedes: older containers, and what is left of transfers
   * that broke off before it. A newer one may be about to be registered and stays.
   */
  public void supersededBy(Bytes bodyId) throws IOException {
    Path head = path(bodyId);
    if (!Files.exists(head)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        if (superseded(file, head)) {
          Files.deleteIfExists(file);
          kept.remove(file);
        }
      }
    }
  }

  /** What was here before the start has no number, and is as old as it says. */
  private boolean superseded(Path file, Path head) throws IOException {
    Long number = kept.get(file);
    if (number != null) {
      return number < kept.getOrDefault(head, 0L);
    }
    FileTime time = Files.getLastModifiedTime(head);
    return !arriving.contains(file)
        && !arrived.containsValue(file)
        && ifThere(file, Files::getLastModifiedTime).filter(t -> t.compareTo(time) < 0).isPresent();
  }

  long largest() {
    long largest = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        largest = Math.max(largest, ifThere(file, Files::size).orElse(0L));
      }
      return largest;
    } catch (IOException refused) {
      throw new UncheckedIOException("cannot read " + directory, refused);
    }
  }

  /** What is asked of a file. */
  interface Question<T> {
    T ask(Path file) throws IOException;
  }

  /** Another thread may have renamed or deleted a file since it was listed. */
  static <T> Optional<T> ifThere(Path file, Question<T> question) throws IOException {
    try {
      return Optional.of(question.ask(file));
    } catch (NoSuchFileException gone) {
      return Optional.empty();
    }
  }

  /** Asked of the directory, not of its mount, which a chroot or a sandbox need not list. */
  long freeBytes() {
    return directory.toFile().getUsableSpace();
  }

  private static Optional<Bytes> named(Path file) {
    return outline(file)
        .filter(body -> file.getFileName().toString().equals(body.toHex() + SUFFIX));
  }

  /** Empty for a torn or foreign file, which then counts as not being there. */
  private static Optional<Bytes> outline(Path file) {
    try {
      return Optional.of(Outline.read(file).bodyId());
    } catch (IOException torn) {
      return Optional.empty();
    }
  }

  /**
   * Synced behind the writing, a few chunks at a time, so that little is left when the last one has
   * come. A sync of every chunk would cost a journal commit of the file system each.
   */
  private static void write(Path path, InputStream in) throws IOException {
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      FutureTask<Void> synced = new FutureTask<>(() -> null);
      synced.run();
      byte[] chunk = new byte[FIRST_CHUNK];
      boolean more = true;
      for (int chunks = 1; more; chunks++) {
        int count = in.readNBytes(chunk, 0, chunk.length);
        ByteBuffer buffer = ByteBuffer.wrap(chunk, 0, count);
        while (buffer.hasRemaining()) {
          file.write(buffer);
        }
        more = count == chunk.length;
        if (more && chunk.length < CHUNK) {
          chunk = new byte[CHUNK];
        }
        if (chunks % SYNCED == 0) {
          finish(synced);
          synced = syncing(file);
        }
      }
      finish(synced);
      file.force(false);
    }
  }

  private static FutureTask<Void> syncing(FileChannel file) {
    FutureTask<Void> task =
        new FutureTask<>(() -> {
          file.force(false);
          return null;
        });
    Thread.ofVirtual().name("container").start(task);
    return task;
  }

  private static void finish(FutureTask<Void> synced) throws IOException {
    try {
      synced.get();
    } catch (ExecutionException failed) {
      throw new IOException("a container cannot be synced", failed.getCause());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while a container was synced");
    }
  }
}
