package dev.reseal.simulation;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/** A file of a {@link SimFiles}: one directory deep, or the directory itself. */
final class SimPath implements Path {
  private final SimFiles files;
  private final String name;

  /** An empty name is the directory. */
  SimPath(SimFiles files, String name) {
    this.files = files;
    this.name = name;
  }

  static SimPath of(Path path) {
    if (path instanceof SimPath sim) {
      return sim;
    }
    throw new ProviderMismatchException();
  }

  String name() {
    return name;
  }

  @Override
  public FileSystem getFileSystem() {
    return files;
  }

  @Override
  public boolean isAbsolute() {
    return true;
  }

  @Override
  public Path getRoot() {
    return new SimPath(files, "");
  }

  @Override
  public Path getFileName() {
    return this;
  }

  @Override
  public Path getParent() {
    return getRoot();
  }

  @Override
  public int getNameCount() {
    return name.isEmpty() ? 0 : 1;
  }

  @Override
  public Path getName(int index) {
    return this;
  }

  @Override
  public Path subpath(int beginIndex, int endIndex) {
    return this;
  }

  @Override
  public boolean startsWith(Path other) {
    return equals(other);
  }

  @Override
  public boolean endsWith(Path other) {
    return equals(other);
  }

  @Override
  public Path normalize() {
    return this;
  }

  @Override
  public Path resolve(Path other) {
    return other;
  }

  @Override
  public Path relativize(Path other) {
    return other;
  }

  @Override
  public URI toUri() {
    return URI.create("sim:" + name);
  }

  @Override
  public Path toAbsolutePath() {
    return this;
  }

  @Override
  public Path toRealPath(LinkOption... options) {
    return this;
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException("watching a simulated file");
  }

  @Override
  public int compareTo(Path other) {
    return name.compareTo(of(other).name);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SimPath path && path.files == files && path.name.equals(name);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return name;
  }
}
