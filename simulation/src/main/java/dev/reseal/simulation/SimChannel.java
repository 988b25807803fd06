package dev.reseal.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A file of {@link SimDisk} as the JDK's own type, so that real code writes to it unchanged. */
class SimChannel extends FileChannel {
  private final SimFile file;
  private long position;

  SimChannel(SimFile file) {
    this.file = file;
  }

  @Override
  public int read(ByteBuffer into) {
    int size = read(into, position);
    position += Math.max(size, 0);
    return size;
  }

  @Override
  public int read(ByteBuffer into, long at) {
    byte[] bytes = new byte[into.remaining()];
    int size = file.read(bytes, at);
    into.put(bytes, 0, Math.max(size, 0));
    return size;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    int size = write(from, position);
    position += size;
    return size;
  }

  @Override
  public int write(ByteBuffer from, long at) throws IOException {
    byte[] bytes = new byte[from.remaining()];
    from.duplicate().get(bytes);
    int taken = file.write(bytes, at);
    from.position(from.position() + taken);
    return taken;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public FileChannel position(long at) {
    position = at;
    return this;
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public FileChannel truncate(long size) {
    file.truncate(size);
    position = Math.min(position, size);
    return this;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    file.force();
  }

  @Override
  protected void implCloseChannel() {}

  @Override
  public long read(ByteBuffer[] into, int offset, int length) {
    throw new UnsupportedOperationException("scattered read on a simulated file");
  }

  @Override
  public long write(ByteBuffer[] from, int offset, int length) {
    throw new UnsupportedOperationException("gathered write on a simulated file");
  }

  @Override
  public long transferTo(long at, long count, WritableByteChannel target) {
    throw new UnsupportedOperationException("transfer from a simulated file");
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long at, long count) {
    throw new UnsupportedOperationException("transfer to a simulated file");
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long at, long size) {
    throw new UnsupportedOperationException("mapping of a simulated file");
  }

  @Override
  public FileLock lock(long at, long size, boolean shared) {
    return tryLock(at, size, shared);
  }

  /** Nobody else is on a simulated disk; its process ends with its locks. */
  @Override
  public FileLock tryLock(long at, long size, boolean shared) {
    return new FileLock(this, at, size, shared) {
      @Override
      public boolean isValid() {
        return isOpen();
      }

      @Override
      public void release() {}
    };
  }
}
