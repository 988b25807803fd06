package dev.reseal.simulation;

import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.List;
import java.util.Set;

/** A {@link SimDisk} as a file system of one directory, so that real code runs on it unchanged. */
final class SimFiles extends FileSystem {
  private final SimFilesProvider provider;

  SimFiles(SimDisk disk) {
    this.provider = new SimFilesProvider(disk, this);
  }

  Path directory() {
    return new SimPath(this, "");
  }

  @Override
  public FileSystemProvider provider() {
    return provider;
  }

  @Override
  public void close() {}

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return List.of(directory());
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return List.of();
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return Set.of("basic");
  }

  @Override
  public Path getPath(String first, String... more) {
    return new SimPath(this, first);
  }

  /** Only the form {@code glob:*ENDING}. */
  @Override
  public PathMatcher getPathMatcher(String syntaxAndPattern) {
    if (!syntaxAndPattern.startsWith("glob:*")) {
      throw new UnsupportedOperationException(syntaxAndPattern);
    }
    String ending = syntaxAndPattern.substring("glob:*".length());
    return path -> path.toString().endsWith(ending);
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    throw new UnsupportedOperationException("users of a simulated disk");
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException("watching a simulated disk");
  }
}
