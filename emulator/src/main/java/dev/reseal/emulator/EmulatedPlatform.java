package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform;
import dev.reseal.platform.PlatformException;
import dev.reseal.platform.PlatformInfo;
import dev.reseal.platform.Refusal;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Frames;
import dev.reseal.wire.Limits;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** The emulated platform as the host sees it: a client of the daemon's host socket (T7). */
public final class EmulatedPlatform implements Platform, Faulty {
  private static final int MOST_INSTANCES = 10_000;

  private final Path socket;
  private final BlockingQueue<SocketChannel> idle = new ArrayBlockingQueue<>(1);

  /**
   * @param directory the platform's directory, as {@code platform start} was given it
   */
  public EmulatedPlatform(Path directory) {
    this.socket = directory.toAbsolutePath().resolve("host.sock");
  }

  /** An answer: its results, or the refusal. */
  private sealed interface Answer {
    record Done(Fields results) implements Answer {}

    record No(Refusal rule, String detail) implements Answer {}
  }

  @Override
  public PlatformInfo info() {
    Fields in = results("info", ask("info"));
    return in.end(new PlatformInfo((int) in.uint(1, 1, 255), in.bytes(2, 32), in.bytes(3, 32)));
  }

  @Override
  public Measured measure(Image image) {
    return switch (ask("measure", Cbor.of(image.encode()))) {
      case Answer.Done(Fields in) -> in.end(new Measured.Measurement(in.bytes(1, 32)));
      case Answer.No(Refusal rule, String detail) -> new Measured.Refused(rule, detail);
    };
  }

  @Override
  public Creation create(
      Image image, Bytes sigstruct, SortedMap<String, String> advice, Path logs) {
    TreeMap<String, Cbor> hints = new TreeMap<>();
    advice.forEach((name, value) -> hints.put(name, Cbor.of(value)));
    Bytes encoded = new Cbor.Dict((Map<String, Cbor>) hints).encode(Cbor.Profile.VALUES);
    Answer answer =
        ask(
            "create",
            Cbor.of(image.encode()),
            Cbor.of(sigstruct),
            Cbor.of(encoded),
            Cbor.of(logs.toAbsolutePath().toString()));
    return switch (answer) {
      case Answer.Done(Fields in) ->
          in.end(new Creation.Created(in.text(1), in.bytes(2, 32), in.uint(3)));
      case Answer.No(Refusal rule, String detail) ->
          rule == Refusal.EPC ? new Creation.OutOfEpc(detail) : new Creation.Refused(rule, detail);
    };
  }

  @Override
  public void destroy(String handle) {
    results("destroy", ask("destroy", Cbor.of(handle))).end();
  }

  @Override
  public Headroom headroom() {
    Fields in = results("headroom", ask("headroom"));
    return in.end(new Headroom.Pages(in.uint(1), in.uint(2)));
  }

  @Override
  public List<Instance> list() {
    Fields in = results("list", ask("list"));
    return in.end(in.list(1, 0, MOST_INSTANCES, each -> row(each.nested(0))));
  }

  @Override
  public boolean alive(String handle) {
    Fields in = results("alive", ask("alive", Cbor.of(handle)));
    return in.end(in.bool(1));
  }

  @Override
  public void awaitEnd(String handle) {
    Bytes request = Cbor.array(Cbor.of("await-end"), Cbor.of(handle)).encode();
    try {
      Optional<Cbor> answer = exchange(connect(), request);
      if (answer.isEmpty()) {
        throw new PlatformException("await-end", "the platform ended, and its instances with it");
      }
      results("await-end", answer("await-end", Fields.ofArray(answer.get(), "end"))).end();
    } catch (IOException gone) {
      throw new PlatformException("await-end", "no platform answers on '" + socket + "'", gone);
    }
  }

  /** Tells a running daemon that its machine was changed. */
  public void reload() {
    results("reload", ask("reload")).end();
  }

  /** As {@link Faulty}; counts for the running daemon and its instances. */
  @Override
  public void strike(Fault fault) {
    Answer answer = ask("fault", Cbor.of(fault.kind().word()), Cbor.of((long) fault.amount()));
    switch (answer) {
      case Answer.Done(Fields in) -> in.end();
      case Answer.No(Refusal _, String detail) -> throw new UnsupportedOperationException(detail);
    }
  }

  private static Instance row(Fields in) {
    return in.end(new Instance(in.text(0), in.bytes(1, 32), in.uint(2), Path.of(in.text(3))));
  }

  private static Fields results(String call, Answer answer) {
    return switch (answer) {
      case Answer.Done(Fields results) -> results;
      case Answer.No(Refusal rule, String detail) ->
          throw new PlatformException(call, rule + ": " + detail);
    };
  }

  private Answer ask(String verb, Cbor... arguments) {
    Cbor[] request = new Cbor[arguments.length + 1];
    request[0] = Cbor.of(verb);
    System.arraycopy(arguments, 0, request, 1, arguments.length);
    Bytes frame = Cbor.array(request).encode();
    if (frame.size() > Limits.FRAME) {
      return new Answer.No(
          Refusal.DECLARATION,
          "a request of %d bytes, at most %d: declare fewer files, or with shorter paths"
              .formatted(frame.size(), Limits.FRAME));
    }
    try {
      return answer(verb, Fields.ofArray(exchange(verb, frame), "answer to " + verb));
    } catch (IOException gone) {
      throw new PlatformException(
          verb, "no platform answers on '" + socket + "'; start it with: platform start", gone);
    } catch (WireException broken) {
      throw new PlatformException(verb, "answer breaks the protocol", broken);
    }
  }

  /**
   * Over a kept connection, or a new one when that is gone: the daemon behind it ended, and with it
   * every instance that it made, so that asking its successor again does nothing twice.
   */
  private Cbor exchange(String verb, Bytes request) throws IOException {
    Optional<Cbor> answer = Optional.ofNullable(idle.poll()).flatMap(c -> exchange(c, request));
    if (answer.isPresent()) {
      return answer.get();
    }
    return exchange(connect(), request)
        .orElseThrow(() -> new PlatformException(verb, "the platform closed the connection"));
  }

  private SocketChannel connect() throws IOException {
    SocketChannel fresh = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      fresh.connect(UnixDomainSocketAddress.of(socket));
      return fresh;
    } catch (IOException refused) {
      fresh.close();
      throw refused;
    }
  }

  /** Empty when the connection is at its end; one that answered is kept for the next call. */
  private Optional<Cbor> exchange(SocketChannel channel, Bytes request) {
    try {
      Optional<Cbor> answer = Optional.empty();
      try {
        Frames.write(Channels.newOutputStream(channel), request);
        answer = Frames.read(Channels.newInputStream(channel));
        return answer;
      } finally {
        if (answer.isEmpty() || !idle.offer(channel)) {
          channel.close();
        }
      }
    } catch (IOException broken) {
      return Optional.empty();
    }
  }

  private static Answer answer(String verb, Fields in) {
    long code = in.uint(0);
    if (code == 0) {
      return new Answer.Done(in);
    }
    String rule = in.text(1);
    String detail = in.end(in.text(2));
    for (Refusal known : Refusal.values()) {
      if (known.code() == code) {
        return new Answer.No(known, detail);
      }
    }
    throw new PlatformException(verb, "unknown refusal " + code + " " + rule + ": " + detail);
  }
}
