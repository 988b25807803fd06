package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Device.KeyResult;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.TargetInfo;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Frames;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The device socket (transport T2): a connection that showed its token is the SECS. */
final class DeviceService {
  private static final int SECONDS_TO_SHOW_TOKEN = 10;
  private static final int REPORT_DATA = 64;

  private final Instances instances;
  private final Supplier<Machine> machine;
  private final Conditions conditions;
  private final ScheduledExecutorService timer;

  DeviceService(
      Instances instances,
      Supplier<Machine> machine,
      Conditions conditions,
      ScheduledExecutorService timer) {
    this.instances = instances;
    this.machine = machine;
    this.conditions = conditions;
    this.timer = timer;
  }

  /** Serves one connection to its end; then the instance is removed. */
  void serve(UnixServer.Connection connection) throws IOException {
    ScheduledFuture<?> patience =
        timer.schedule(connection::end, SECONDS_TO_SHOW_TOKEN, TimeUnit.SECONDS);
    Optional<Cbor> first = Frames.read(connection.input());
    patience.cancel(false);
    if (first.isEmpty()) {
      return;
    }
    Bytes token = launchToken(first.get());
    switch (instances.launch(token, connection.pid())) {
      case Launch.Denied denied -> Frames.write(connection.output(), refusal(denied));
      case Launch.Opened(InstanceProcess instance) -> session(connection, instance);
    }
  }

  private void session(UnixServer.Connection connection, InstanceProcess instance)
      throws IOException {
    try {
      if (!instance.serving(connection::end)) {
        return;
      }
      Frames.write(
          connection.output(), Cbor.array(Cbor.of(0), Cbor.of(instance.identity().mrEnclave())));
      Optional<Cbor> frame = Frames.read(connection.input());
      while (frame.isPresent()) {
        Frames.write(connection.output(), answer(instance, frame.get()));
        frame = Frames.read(connection.input());
      }
    } finally {
      instance.kill();
    }
  }

  private static Bytes launchToken(Cbor frame) {
    Fields request = Fields.ofArray(frame, "launch request");
    if (!request.text(0).equals("launch")) {
      throw new WireException(WireException.Rule.FIELD, "the first device request is not launch");
    }
    return request.end(request.bytes(1, 32));
  }

  private Cbor answer(InstanceProcess instance, Cbor frame) {
    Fields request = Fields.ofArray(frame, "device request");
    String verb = request.text(0);
    if (instance.isLost()) {
      return refusal(Launch.LOST);
    }
    int tcs = conditions.knobs().tcs(); // 0: the platform does not count them
    if (tcs > 0 && instance.threads() > tcs) {
      return refusal(Launch.OUT_OF_TCS);
    }
    instances.use(instance);
    try {
      return switch (verb) {
        case "egetkey" -> key(instance, request.end(request.bytes(1, KeyRequest.SIZE)));
        case "report" -> {
          TargetInfo target = TargetInfo.parse(request.bytes(1, TargetInfo.SIZE));
          Bytes data = request.end(request.bytes(2, REPORT_DATA));
          yield done(machine.get().cpu().report(instance.identity(), target, data).encode());
        }
        case "quote" -> {
          Bytes data = request.end(request.bytes(1, REPORT_DATA));
          yield conditions.quotingIsAway() ? refusal(Launch.NO_QUOTING) : quote(instance, data);
        }
        default ->
            throw new WireException(WireException.Rule.FIELD, "no device request '" + verb + "'");
      };
    } catch (MalformedException malformed) {
      return refusal(new Launch.Denied(305, "FAULT", String.valueOf(malformed.getMessage())));
    }
  }

  private Cbor quote(InstanceProcess instance, Bytes data) {
    Machine now = machine.get();
    return done(now.quoting().quote(instance.identity().report(now.cpu().tcb().cpuSvn(), data)));
  }

  private Cbor key(InstanceProcess instance, Bytes encoded) throws MalformedException {
    KeyRequest request = KeyRequest.parse(encoded);
    return switch (machine.get().cpu().egetkey(instance.identity(), request)) {
      case KeyResult.Key(var key) -> {
        try (key) {
          yield done(key.use(Bytes::of));
        }
      }
      case KeyResult.Unsupported _ ->
          refusal(new Launch.Denied(300, "UNSUPPORTED", "this platform derives no such key"));
      case KeyResult.Failed(var error) ->
          refusal(new Launch.Denied(error.code(), error.name(), "EGETKEY refused the request"));
    };
  }

  private static Cbor done(Bytes result) {
    return Cbor.array(Cbor.of(0), Cbor.of(result));
  }

  private static Cbor refusal(Launch.Denied denied) {
    return Cbor.array(Cbor.of(denied.code()), Cbor.of(denied.rule()), Cbor.of(denied.detail()));
  }
}
