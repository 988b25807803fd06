package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform;
import dev.reseal.platform.PlatformInfo;
import dev.reseal.platform.Refusal;
import dev.reseal.sgx.SigStruct;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Frames;
import dev.reseal.wire.Limits;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The host socket (transport T7): what the supervisor may ask of the platform. */
final class HostService {
  private final Instances instances;
  private final ImageStore images;
  private final EpcPool epc;
  private final Supplier<Machine> machine;
  private final Change change;
  private final long owner;

  /** What concerns the whole daemon. */
  interface Change {
    /** Reads the machine's file again. */
    void reload() throws IOException;

    void strike(Fault fault) throws IOException;

    /** One create or destroy begins, counted in the plan of faults. */
    void step() throws IOException;
  }

  /**
   * @param owner the user id that may ask
   */
  HostService(
      Instances instances,
      ImageStore images,
      EpcPool epc,
      Supplier<Machine> machine,
      Change change,
      long owner) {
    this.instances = instances;
    this.images = images;
    this.epc = epc;
    this.machine = machine;
    this.change = change;
    this.owner = owner;
  }

  void serve(UnixServer.Connection connection) throws IOException {
    if (connection.uid() != owner) {
      return;
    }
    Optional<Cbor> frame = Frames.read(connection.input());
    while (frame.isPresent()) {
      Frames.write(connection.output(), answer(frame.get()));
      frame = Frames.read(connection.input());
    }
  }

  private Cbor answer(Cbor frame) throws IOException {
    Fields request = Fields.ofArray(frame, "host request");
    String verb = request.text(0);
    try {
      return switch (verb) {
        case "measure" ->
            done(
                Cbor.of(
                    images.measure(image(request.end(request.blob(1, Limits.FRAME)))).mrEnclave()));
        case "create" -> {
          change.step();
          yield create(request);
        }
        case "destroy" -> {
          change.step();
          instances.destroy(request.end(request.text(1)));
          yield done();
        }
        case "await-end" -> {
          instances.awaitEnd(request.end(request.text(1)));
          yield done();
        }
        case "headroom" -> request.end(done(Cbor.of(epc.free()), Cbor.of(epc.total())));
        case "list" -> request.end(done(Cbor.array(instances.list(), HostService::row)));
        case "alive" -> done(Cbor.of(instances.find(request.end(request.text(1))).isPresent()));
        case "reload" -> {
          request.end();
          change.reload();
          yield done();
        }
        case "fault" -> {
          change.strike(fault(request));
          yield done();
        }
        case "info" -> request.end(info(machine.get().info()));
        default ->
            throw new WireException(WireException.Rule.FIELD, "no host request '" + verb + "'");
      };
    } catch (UnsupportedOperationException | IllegalArgumentException impossible) {
      return refusal(Refusal.DECLARATION, String.valueOf(impossible.getMessage()));
    } catch (RefusedException refused) {
      return refusal(refused.rule(), refused.detail());
    }
  }

  private static Cbor refusal(Refusal rule, String detail) {
    return Cbor.array(Cbor.of(rule.code()), Cbor.of(rule.name()), Cbor.of(detail));
  }

  private static Fault fault(Fields request) throws RefusedException {
    String word = request.text(1);
    long amount = request.end(request.uint(2, 0, Integer.MAX_VALUE));
    return Fault.Kind.of(word)
        .orElseThrow(() -> new RefusedException(Refusal.DECLARATION, "no fault '" + word + "'"))
        .fault((int) amount);
  }

  private Cbor create(Fields request) throws RefusedException {
    Image image = image(request.blob(1, Limits.FRAME));
    Bytes sigstruct = request.bytes(2, SigStruct.SIZE);
    SortedMap<String, String> advice = advice(request.blob(3, 1 << 16));
    Path logs = path(request.end(request.text(4)));
    if (!logs.isAbsolute() || !Files.isDirectory(logs)) {
      throw new RefusedException(
          Refusal.DECLARATION, "log directory '" + logs + "' is not an existing absolute path");
    }
    Platform.Instance made = instances.create(image, sigstruct, advice, logs).announced();
    return done(Cbor.of(made.handle()), Cbor.of(made.mrenclave()), Cbor.of(made.pid()));
  }

  private static Path path(String text) throws RefusedException {
    try {
      return Path.of(text);
    } catch (InvalidPathException bad) {
      throw new RefusedException(Refusal.DECLARATION, "log directory: " + bad.getMessage());
    }
  }

  private static Image image(Bytes encoded) throws RefusedException {
    try {
      return Image.decode(encoded);
    } catch (WireException | IllegalArgumentException bad) {
      throw new RefusedException(Refusal.DECLARATION, String.valueOf(bad.getMessage()));
    }
  }

  private static SortedMap<String, String> advice(Bytes encoded) throws RefusedException {
    TreeMap<String, String> advice = new TreeMap<>();
    if (Cbor.decode(encoded, Cbor.Profile.VALUES) instanceof Cbor.Dict(var entries)) {
      for (var entry : entries.entrySet()) {
        if (!(entry.getValue() instanceof Cbor.Text(String value))) {
          throw new RefusedException(
              Refusal.DECLARATION, "advice '" + entry.getKey() + "' is not a text");
        }
        advice.put(entry.getKey(), value);
      }
      return advice;
    }
    throw new RefusedException(Refusal.DECLARATION, "advice is not a map of text to text");
  }

  private static Cbor row(Platform.Instance instance) {
    return Cbor.array(
        Cbor.of(instance.handle()),
        Cbor.of(instance.mrenclave()),
        Cbor.of(instance.pid()),
        Cbor.of(instance.logs().toString()));
  }

  private static Cbor info(PlatformInfo info) {
    return done(Cbor.of(info.kind()), Cbor.of(info.id()), Cbor.of(info.root()));
  }

  private static Cbor done(Cbor... results) {
    Cbor[] all = new Cbor[results.length + 1];
    all[0] = Cbor.of(0);
    System.arraycopy(results, 0, all, 1, results.length);
    return Cbor.array(all);
  }
}
