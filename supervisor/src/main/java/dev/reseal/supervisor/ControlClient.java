package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Frames;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** The other end of the control socket (transport T6): what the command line uses. */
public final class ControlClient implements AutoCloseable {
  private static final long ANSWER_MS = 5_000;

  private final SocketChannel channel;
  private final InputStream in;
  private final OutputStream out;

  private ControlClient(SocketChannel channel) {
    this.channel = channel;
    this.in = Channels.newInputStream(channel);
    this.out = Channels.newOutputStream(channel);
  }

  /** Throws {@link IOException} when no supervisor listens there. */
  public static ControlClient connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      return new ControlClient(channel);
    } catch (IOException refused) {
      channel.close();
      throw refused;
    }
  }

  /** Who watches an operation. */
  public interface Watcher {
    /** {@code edge} is intent, done or failed; {@code micros} is 0 for an intent. */
    void phase(String phase, String edge, long micros);

    /** What stands in the way, once for each obstacle; it goes on by itself. */
    default void waits(String obstacle) {}
  }

  /** How an operation that was asked for ended. */
  public sealed interface Result {
    record Ended(Summary summary) implements Result {}

    /** The supervisor did not even pass it on. */
    record Refused(String rule, String detail) implements Result {}

    /** The supervisor ended before it said: what was asked may or may not have happened. */
    record Unknown(String detail) implements Result {}
  }

  /**
   * What the supervisor knows without the authority. Throws {@link SocketTimeoutException} if it
   * does not say: one that is stopped takes calls all the same.
   */
  public LocalStatus status() throws IOException {
    Thread limit = Thread.ofVirtual().start(this::closeInTime);
    try {
      Frames.write(out, Cbor.array(Cbor.of("status")));
      Fields answer = Fields.ofArray(read(), "status");
      answer.uint(0, 0, 0);
      return LocalStatus.decode(answer.any(1));
    } catch (ClosedChannelException late) {
      throw new SocketTimeoutException(
          "the supervisor took the call and was silent for " + ANSWER_MS + " ms: is it stopped?");
    } finally {
      limit.interrupt();
    }
  }

  /** A socket of this kind has no time limit of its own; closing it ends a read. */
  private void closeInTime() {
    try {
      Thread.sleep(ANSWER_MS);
      channel.close();
    } catch (InterruptedException answered) {
      Thread.currentThread().interrupt();
    } catch (IOException broken) {
      Log.debug("control socket: " + broken.getMessage());
    }
  }

  public Result operate(Bytes request, Watcher watcher) {
    return follow(Cbor.array(Cbor.of("operate"), Cbor.of(request)), watcher);
  }

  /** Goes on with an operation that stopped in SEALED. */
  public Result resume(Watcher watcher) {
    return follow(Cbor.array(Cbor.of("resume")), watcher);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private Result follow(Cbor request, Watcher watcher) {
    try {
      Frames.write(out, request);
      while (true) {
        Fields frame = Fields.ofArray(read(), "answer");
        if (frame.uint(0) != 0) {
          return new Result.Refused(frame.text(1), frame.text(2));
        }
        switch (frame.text(1)) {
          case "done" -> {
            return new Result.Ended(Summary.decode(frame.any(2)));
          }
          case "waits" -> watcher.waits(frame.text(2));
          default -> watcher.phase(frame.text(2), frame.text(3), frame.uint(4));
        }
      }
    } catch (IOException ended) {
      return new Result.Unknown(String.valueOf(ended.getMessage()));
    }
  }

  private Cbor read() throws IOException {
    return Frames.read(in).orElseThrow(() -> new EOFException("the supervisor ended"));
  }
}
