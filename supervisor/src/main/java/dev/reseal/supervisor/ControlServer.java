package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.supervisor.Followers.Follower;
import dev.reseal.supervisor.Followers.News;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Frames;
import dev.reseal.wire.Limits;
import dev.reseal.wire.Request;
import dev.reseal.wire.Signed;
import dev.reseal.wire.VerifyKey;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/** The control socket (transport T6). The capability is an operator's signature. */
final class ControlServer implements AutoCloseable {
  private final ServerSocketChannel server;
  private final Path socket;
  private final Bytes lineage;
  private final List<VerifyKey> operators;
  private final Followers followers;
  private final Consumer<Event> events;
  private final Supplier<Cbor> status;
  private final BiFunction<Bytes, Outcome, Summary> summaries;

  ControlServer(
      Path socket,
      Bytes lineage,
      List<VerifyKey> operators,
      Followers followers,
      Consumer<Event> events,
      Supplier<Cbor> status,
      BiFunction<Bytes, Outcome, Summary> summaries)
      throws IOException {
    this.socket = socket;
    this.lineage = lineage;
    this.operators = operators;
    this.followers = followers;
    this.events = events;
    this.status = status;
    this.summaries = summaries;
    Files.deleteIfExists(socket);
    this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofVirtual().name("control").start(this::accept);
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket);
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel peer = server.accept();
        Thread.ofVirtual().start(() -> serve(peer));
      } catch (IOException closed) {
        if (server.isOpen()) {
          Log.warn("control: " + closed.getMessage());
        }
      }
    }
  }

  private void serve(SocketChannel peer) {
    try (peer) {
      UnixDomainPrincipal caller = peer.getOption(ExtendedSocketOptions.SO_PEERCRED);
      if (!caller.user().equals(Files.getOwner(socket))) {
        Log.warn("control: a connection of user " + caller.user() + " was closed");
        return;
      }
      InputStream in = Channels.newInputStream(peer);
      OutputStream out = Channels.newOutputStream(peer);
      for (Optional<Cbor> frame = Frames.read(in); frame.isPresent(); frame = Frames.read(in)) {
        answer(Fields.ofArray(frame.get(), "control request"), out);
      }
    } catch (IOException gone) {
      Log.debug("control: " + gone.getMessage());
    } catch (WireException malformed) {
      Log.warn("control: a peer was disconnected: " + malformed.getMessage());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void answer(Fields request, OutputStream out) throws IOException, InterruptedException {
    String verb = request.text(0);
    switch (verb) {
      case "status" -> {
        request.end();
        Frames.write(out, Cbor.array(Cbor.of(0), status.get()));
      }
      case "operate" -> operate(request.end(request.blob(1, Limits.FRAME)), out);
      case "resume" -> {
        request.end();
        resume(out);
      }
      default ->
          Frames.write(out, refusal("VERB", "there is no verb '" + verb + "' on this socket"));
    }
  }

  private void operate(Bytes message, OutputStream out) throws IOException, InterruptedException {
    Ask ask;
    try {
      ask = Signed.verify(Request.class, message, operators).message().decodeAsk();
    } catch (WireException refused) {
      Frames.write(
          out,
          refusal("DENY verb=" + verb(message), "not signed by an operator: " + refused.rule()));
      return;
    }
    if (!ask.head().lineage().equals(lineage)) {
      Frames.write(out, refusal("LINEAGE_MISMATCH", "this supervisor runs another lineage"));
      return;
    }
    Bytes opId = ask.head().opId();
    follow(followers.follow(Optional.of(opId)), new Event.Asked(ask.kind(), opId, message), out);
  }

  private void resume(OutputStream out) throws IOException, InterruptedException {
    byte[] token = new byte[16];
    new SecureRandom().nextBytes(token);
    follow(followers.follow(Optional.empty()), new Event.ResumeAsked(Bytes.wrap(token)), out);
  }

  /** What an unsigned request claims to ask for, for the refusal only. */
  private static String verb(Bytes message) {
    try {
      return Signed.peek(Request.class, message).decodeAsk().kind().wireName();
    } catch (WireException unreadable) {
      return "unreadable";
    }
  }

  private void follow(Follower follower, Event wish, OutputStream out)
      throws IOException, InterruptedException {
    try {
      events.accept(wish);
      while (true) {
        switch (follower.next()) {
          case News.Entered(var phase, String edge, long micros) ->
              Frames.write(
                  out,
                  Cbor.array(
                      Cbor.of(0),
                      Cbor.of("phase"),
                      Cbor.of(phase.name()),
                      Cbor.of(edge),
                      Cbor.of(micros)));
          case News.Waits(String obstacle) ->
              Frames.write(out, Cbor.array(Cbor.of(0), Cbor.of("waits"), Cbor.of(obstacle)));
          case News.Ended(Bytes opId, Outcome outcome) -> {
            Cbor summary = summaries.apply(opId, outcome).encode();
            Frames.write(out, Cbor.array(Cbor.of(0), Cbor.of("done"), summary));
            return;
          }
        }
      }
    } finally {
      followers.leave(follower);
    }
  }

  private static Cbor refusal(String rule, String detail) {
    return Cbor.array(Cbor.of(1), Cbor.of(rule), Cbor.of(detail));
  }
}
