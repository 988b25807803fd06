package dev.reseal.emulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A UNIX stream socket that knows the process at the other end. The JDK's own sockets tell only the
 * user (SO_PEERCRED without the pid), and the device must answer one process alone.
 */
@SuppressWarnings("restricted")
final class UnixServer implements AutoCloseable {
  /** {@code sun_path} holds 108 bytes with its end; a margin for the caller's own suffixes. */
  private static final int LONGEST_PATH = 100;

  private static final int AF_UNIX = 1;
  private static final int STREAM_CLOEXEC = 1 | 0x80000;
  private static final int CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERCRED = 17;
  private static final int SHUT_RDWR = 2;
  private static final int EINTR = 4;
  private static final int MSG_NOSIGNAL = 0x4000;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  /**
   * One handle for all calls, since each type of its own costs a start ten milliseconds. Arguments
   * are passed in whole registers, of which a function reads what it has declared; of a result that
   * is an int only the lower half is defined.
   */
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG),
              Linker.Option.captureCallState("errno"));

  private static final Call SOCKET = Call.of("socket", Integer.BYTES);
  private static final Call BIND = Call.of("bind", Integer.BYTES);
  private static final Call LISTEN = Call.of("listen", Integer.BYTES);
  private static final Call ACCEPT = Call.of("accept4", Integer.BYTES);
  private static final Call OPTION = Call.of("getsockopt", Integer.BYTES);
  private static final Call RECV = Call.of("recv", Long.BYTES);
  private static final Call SEND = Call.of("send", Long.BYTES);
  private static final Call SHUTDOWN = Call.of("shutdown", Integer.BYTES);
  private static final Call CLOSE = Call.of("close", Integer.BYTES);

  /** A function of the C library, and how wide its result is. */
  private record Call(String name, MemorySegment address, int resultBytes) {
    static Call of(String name, int resultBytes) {
      return new Call(name, Linker.nativeLinker().defaultLookup().findOrThrow(name), resultBytes);
    }
  }

  private final int socket;
  private final Path path;
  private final AtomicBoolean closed = new AtomicBoolean();

  private UnixServer(int socket, Path path) {
    this.socket = socket;
    this.path = path;
  }

  /** Binds {@code path}, replacing a socket that a dead process left there. */
  static UnixServer bind(Path path) throws IOException {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    if (name.length > LONGEST_PATH) {
      throw new IOException(
          "socket path '" + path + "' has " + name.length + " bytes, at most " + LONGEST_PATH);
    }
    Files.deleteIfExists(path);
    int socket = (int) check(SOCKET, path, AF_UNIX, STREAM_CLOEXEC, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(2 + 108, 2);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
      check(BIND, path, socket, address.address(), 2 + name.length + 1);
      check(LISTEN, path, socket, 128);
    } catch (IOException failed) {
      quietly(CLOSE, socket);
      throw failed;
    }
    return new UnixServer(socket, path);
  }

  /** The next connection; throws {@link IOException} once this server is closed. */
  Connection accept() throws IOException {
    int accepted = (int) check(ACCEPT, path, socket, 0, 0, CLOEXEC);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment credentials = arena.allocate(12, 4);
      MemorySegment size = arena.allocateFrom(INT, 12);
      check(OPTION, path, accepted, SOL_SOCKET, SO_PEERCRED, credentials.address(), size.address());
      int pid = credentials.get(INT, 0);
      return new Connection(accepted, pid, Integer.toUnsignedLong(credentials.get(INT, 4)));
    } catch (IOException failed) {
      quietly(CLOSE, accepted);
      throw failed;
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      quietly(SHUTDOWN, socket, SHUT_RDWR);
      quietly(CLOSE, socket);
      try {
        Files.deleteIfExists(path);
      } catch (IOException left) {
        System.getLogger("reseal.platform").log(System.Logger.Level.WARNING, "socket left", left);
      }
    }
  }

  /** One connection with the pid and uid that its peer had when it connected. */
  static final class Connection implements AutoCloseable {
    private final int socket;
    private final int pid;
    private final long uid;
    private final AtomicBoolean ended = new AtomicBoolean();
    private boolean released;

    Connection(int socket, int pid, long uid) {
      this.socket = socket;
      this.pid = pid;
      this.uid = uid;
    }

    int pid() {
      return pid;
    }

    long uid() {
      return uid;
    }

    InputStream input() {
      return new InputStream() {
        @Override
        public int read() throws IOException {
          byte[] one = new byte[1];
          return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int size) throws IOException {
          if (size == 0) {
            return 0;
          }
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(size);
            long got = check(RECV, Path.of("peer"), socket, buffer.address(), size, 0);
            if (got == 0) {
              return -1;
            }
            MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, into, offset, (int) got);
            buffer.fill((byte) 0);
            return (int) got;
          }
        }
      };
    }

    OutputStream output() {
      return new OutputStream() {
        @Override
        public void write(int one) throws IOException {
          write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int size) throws IOException {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Math.max(1, size));
            MemorySegment.copy(from, offset, buffer, ValueLayout.JAVA_BYTE, 0, size);
            long sent = 0;
            while (sent < size) {
              long rest = buffer.address() + sent;
              sent += check(SEND, Path.of("peer"), socket, rest, size - sent, MSG_NOSIGNAL);
            }
            buffer.fill((byte) 0);
          }
        }
      };
    }

    /** Ends the conversation from any thread; the reader sees end of file. */
    void end() {
      synchronized (ended) {
        if (!released) {
          quietly(SHUTDOWN, socket, SHUT_RDWR);
        }
      }
    }

    /** Gives the descriptor back; only the thread that reads may call it. */
    @Override
    public void close() {
      synchronized (ended) {
        if (!released) {
          released = true;
          quietly(CLOSE, socket);
        }
      }
    }
  }

  /** Calls until it is not interrupted; a negative result becomes an {@link IOException}. */
  private static long check(Call call, Path path, long... arguments) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      while (true) {
        long result = invoke(call, state, arguments);
        if (result >= 0) {
          return result;
        }
        int errno = (int) ERRNO.get(state, 0L);
        if (errno != EINTR) {
          throw new IOException(call.name + " on " + path + " failed: errno " + errno);
        }
      }
    }
  }

  private static void quietly(Call call, long... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      invoke(call, arena.allocate(STATE), arguments);
    }
  }

  private static long invoke(Call call, MemorySegment state, long... arguments) {
    long[] five = Arrays.copyOf(arguments, 5);
    try {
      long result =
          (long) CALL.invokeExact(call.address, state, five[0], five[1], five[2], five[3], five[4]);
      return call.resultBytes == Integer.BYTES ? (int) result : result;
    } catch (Throwable impossible) {
      throw new IllegalStateException("downcall failed", impossible);
    }
  }
}
