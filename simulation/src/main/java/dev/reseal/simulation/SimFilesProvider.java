package dev.reseal.simulation;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The calls of java.nio.file that this project makes, carried out on a {@link SimDisk}. */
final class SimFilesProvider extends FileSystemProvider {
  private final SimDisk disk;
  private final SimFiles files;

  SimFilesProvider(SimDisk disk, SimFiles files) {
    this.disk = disk;
    this.files = files;
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    String name = SimPath.of(path).name();
    if (name.isEmpty()) {
      return disk.openDirectory();
    }
    if (options.contains(StandardOpenOption.CREATE_NEW) && disk.exists(name)) {
      throw new FileAlreadyExistsException(name);
    }
    boolean creates =
        options.contains(StandardOpenOption.CREATE)
            || options.contains(StandardOpenOption.CREATE_NEW);
    if (!creates && !disk.exists(name)) {
      throw new NoSuchFileException(name);
    }
    if (options.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
      disk.open(name).truncate(0);
    }
    return options.contains(StandardOpenOption.DSYNC) ? disk.openSynced(name) : disk.open(name);
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    return newFileChannel(path, options, attributes);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path directory, DirectoryStream.Filter<? super Path> filter) throws IOException {
    List<Path> all = new java.util.ArrayList<>();
    for (String name : disk.names()) {
      Path path = new SimPath(files, name);
      if (filter.accept(path)) {
        all.add(path);
      }
    }
    return new DirectoryStream<>() {
      @Override
      public Iterator<Path> iterator() {
        return all.iterator();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void delete(Path path) throws IOException {
    existing(path);
    disk.delete(SimPath.of(path).name());
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    existing(source);
    disk.rename(SimPath.of(source).name(), SimPath.of(target).name());
  }

  private void existing(Path path) throws NoSuchFileException {
    String name = SimPath.of(path).name();
    if (!name.isEmpty() && !disk.exists(name)) {
      throw new NoSuchFileException(name);
    }
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    existing(path);
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    existing(path);
    String name = SimPath.of(path).name();
    return type.cast(new Attributes(disk.modifiedMs(name), disk.size(name), name.isEmpty()));
  }

  private record Attributes(long modifiedMs, long size, boolean isDirectory)
      implements BasicFileAttributes {
    @Override
    public FileTime lastModifiedTime() {
      return FileTime.fromMillis(modifiedMs);
    }

    @Override
    public FileTime lastAccessTime() {
      return lastModifiedTime();
    }

    @Override
    public FileTime creationTime() {
      return lastModifiedTime();
    }

    @Override
    public boolean isRegularFile() {
      return !isDirectory;
    }

    @Override
    public boolean isSymbolicLink() {
      return false;
    }

    @Override
    public boolean isOther() {
      return false;
    }

    @Override
    public Object fileKey() {
      return this;
    }
  }

  @Override
  public boolean isSameFile(Path path, Path other) {
    return path.equals(other);
  }

  @Override
  public boolean isHidden(Path path) {
    return false;
  }

  @Override
  public String getScheme() {
    return "sim";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
    throw unsupported("another file system");
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    return files;
  }

  @Override
  public Path getPath(URI uri) {
    return new SimPath(files, uri.getSchemeSpecificPart());
  }

  @Override
  public void createDirectory(Path directory, FileAttribute<?>... attributes) {
    throw unsupported("a second directory");
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) {
    throw unsupported("a copy");
  }

  @Override
  public FileStore getFileStore(Path path) {
    throw unsupported("the file store");
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    throw unsupported("an attribute view");
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options) {
    throw unsupported("attributes by name");
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
    throw unsupported("setting an attribute");
  }

  private static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException(what + " on a simulated disk");
  }
}
