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
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout PTR = ValueLayout.ADDRESS;
  private static final MethodHandle SOCKET = call("socket", INT, INT, INT, INT);
  private static final MethodHandle BIND = call("bind", INT, INT, PTR, INT);
  private static final MethodHandle LISTEN = call("listen", INT, INT, INT);
  private static final MethodHandle ACCEPT = call("accept4", INT, INT, PTR, PTR, INT);
  private static final MethodHandle OPTION = call("getsockopt", INT, INT, INT, INT, PTR, PTR);
  private static final MethodHandle RECV = call("recv", LONG, INT, PTR, LONG, INT);
  private static final MethodHandle SEND = call("send", LONG, INT, PTR, LONG, INT);
  private static final MethodHandle SHUTDOWN = call("shutdown", INT, INT, INT);
  private static final MethodHandle CLOSE = call("close", INT, INT);

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
    int socket = (int) check("socket", path, SOCKET, AF_UNIX, STREAM_CLOEXEC, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(2 + 108, 2);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
      check("bind", path, BIND, socket, address, 2 + name.length + 1);
      check("listen", path, LISTEN, socket, 128);
    } catch (IOException failed) {
      quietly(CLOSE, socket);
      throw failed;
    }
    return new UnixServer(socket, path);
  }

  /** The next connection; throws {@link IOException} once this server is closed. */
  Connection accept() throws IOException {
    MemorySegment none = MemorySegment.NULL;
    int accepted = (int) check("accept", path, ACCEPT, socket, none, none, CLOEXEC);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment credentials = arena.allocate(12, 4);
      MemorySegment size = arena.allocateFrom(INT, 12);
      check("getsockopt", path, OPTION, accepted, SOL_SOCKET, SO_PEERCRED, credentials, size);
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
            long got = check("recv", Path.of("peer"), RECV, socket, buffer, (long) size, 0);
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
              MemorySegment rest = buffer.asSlice(sent);
              sent += check("send", Path.of("peer"), SEND, socket, rest, size - sent, MSG_NOSIGNAL);
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

  /** Of one type, {@code (Object[]) -> long}: adapting a handle at each call costs more than it. */
  private static MethodHandle call(String name, ValueLayout result, MemoryLayout... arguments) {
    MethodHandle exact =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow(name),
            FunctionDescriptor.of(result, arguments),
            Linker.Option.captureCallState("errno"));
    int count = exact.type().parameterCount();
    return exact
        .asType(MethodType.genericMethodType(count).changeReturnType(long.class))
        .asSpreader(Object[].class, count);
  }

  /** Calls until it is not interrupted; a negative result becomes an {@link IOException}. */
  private static long check(String name, Path path, MethodHandle call, Object... arguments)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      while (true) {
        long result = invoke(call, state, arguments);
        if (result >= 0) {
          return result;
        }
        int errno = (int) ERRNO.get(state, 0L);
        if (errno != EINTR) {
          throw new IOException(name + " on " + path + " failed: errno " + errno);
        }
      }
    }
  }

  private static void quietly(MethodHandle call, Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      invoke(call, arena.allocate(STATE), arguments);
    }
  }

  private static long invoke(MethodHandle call, MemorySegment state, Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = state;
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    try {
      return (long) call.invokeExact(all);
    } catch (Throwable impossible) {
      throw new IllegalStateException("downcall failed", impossible);
    }
  }
}
