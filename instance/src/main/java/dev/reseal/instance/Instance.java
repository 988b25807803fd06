package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Device;
import dev.reseal.sealed.ContainerException;
import dev.reseal.sealed.ContainerSource;
import dev.reseal.sealed.Workers;
import dev.reseal.wire.Code;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An instance inside its enclave (protocol 8): obeys messages of {@code K_A} and nothing else. It
 * has no threads, clock or files of its own: the host calls it from one thread and carries out what
 * the outcome says. Every input is checked in full before anything changes.
 */
public final class Instance implements AutoCloseable {
  private final Body body;

  /**
   * An instance is born: it makes its keys.
   *
   * @param workers who encrypts and hashes segments
   */
  public Instance(
      Trust trust, Device device, Application application, Randomness randomness, Workers workers) {
    this(trust, device, application, randomness, workers, (_, _, _) -> {});
  }

  /** The same, whose steps are watched. */
  public Instance(
      Trust trust,
      Device device,
      Application application,
      Randomness randomness,
      Workers workers,
      Observer observer) {
    body = new Body(trust, device, application, randomness, workers, observer);
  }

  public State state() {
    return body.phase().state();
  }

  public Bytes instanceId() {
    return body.identity.instanceId();
  }

  /** {@code [instance_id, SPKI pk_sig, pk_kem, SPKI pk_tls]}: the "born" call of transport T4. */
  public List<Bytes> born() {
    Identity me = body.identity;
    return List.of(
        me.instanceId(),
        me.signature().verifyKey().spki(),
        me.kem().publicKey(),
        me.tls().verifyKey().spki());
  }

  public Stores stores() {
    return body.stores();
  }

  /** Obeys one message; {@code payload} is that of the advice (transport T4). */
  public Outcome obey(Verb verb, Bytes payload) {
    return guarded(out -> obey(verb, payload, out));
  }

  private void obey(Verb verb, Bytes payload, List<Output> out) {
    switch (verb) {
      case CHALLENGE -> Candidacy.challenge(body, payload, out);
      case PLAT_CHECK -> Candidacy.platCheck(body, payload, out);
      case GRANT -> Candidacy.grant(body, payload, out);
      case ACTIVATION -> Activating.activation(body, payload, out);
      case REKEY_GRANT -> Activating.rekey(body, payload, out);
      case FINISH -> Leaving.finish(body, payload, out);
      case ABORT -> Leaving.abort(body, payload, out);
      case CHECKPOINT_ACK -> ServingRules.checkpointAck(body, payload, out);
      case PASSPORT -> ServingRules.passport(body, payload, out);
      case RENEW -> ServingRules.renew(body, out);
      case RETIRED -> ServingRules.retired(body, payload, out);
    }
  }

  /**
   * Reads the granted container and signs {@code ready}. Any failure leaves the instance DEAD, a
   * refusal, an {@link IOException} of the source or whatever else, as its state can be granted to
   * another candidate.
   */
  public Outcome restore(ContainerSource source) throws IOException {
    return streaming(out -> Candidacy.restore(body, source, out));
  }

  /** Genesis: writes the first container; the {@code ready} may leave once it is durable. */
  public Outcome firstContainer(OutputStream target) throws IOException {
    return streaming(out -> Candidacy.firstContainer(body, target, out));
  }

  /** The one {@code ready} again. */
  public Outcome repeatReady() {
    return guarded(out -> Candidacy.repeatReady(body, out));
  }

  /** SERVING: writes a checkpoint; the message may leave once it is durable. */
  public Outcome checkpoint(OutputStream target) throws IOException {
    return streaming(out -> ServingRules.checkpoint(body, target, out));
  }

  /** QUIESCING: all work in flight is done. */
  public Outcome drained() {
    return guarded(out -> Leaving.drained(body, out));
  }

  /** QUIESCING: it was not done in time. */
  public Outcome drainDeadline() {
    return guarded(out -> Leaving.drainDeadline(body, out));
  }

  /** LOCKED: writes the whole state under the ticket, each time under fresh keys. */
  public Outcome seal(OutputStream target) throws IOException {
    return streaming(out -> Leaving.seal(body, target, out));
  }

  /** After {@code fork()} the child is DEAD. */
  public Outcome forked() {
    return guarded(out -> body.die(Input.FORK, out));
  }

  /** The application has re-encrypted everything below this generation (protocol 11). */
  public void raiseGenFloor(long floor) {
    body.tenure().raiseFloor(floor);
  }

  /** The generation that is installed; empty before activation. */
  public Optional<Long> gen() {
    return body.currentTenure().map(Tenure::gen);
  }

  /** Whether an answer that holds or shows this update may leave (protocol 8, RPO). */
  public boolean mayRelease(long version) {
    return body.currentTenure().map(tenure -> tenure.mayRelease(version)).orElse(false);
  }

  /** The newest passport, for relying parties. */
  public Optional<Bytes> passport() {
    return body.currentTenure().map(tenure -> tenure.passport().cose());
  }

  @Override
  public void close() {
    body.erase();
  }

  /** A rule that reads or writes a container. */
  private interface Streaming {
    void apply(List<Output> out) throws IOException;
  }

  private static Outcome streaming(Streaming rule) throws IOException {
    List<Output> out = new ArrayList<>();
    try {
      rule.apply(out);
      return new Outcome.Done(out);
    } catch (RefusedException | WireException | ContainerException refused) {
      return refusal(refused);
    }
  }

  private static Outcome guarded(Consumer<List<Output>> rule) {
    List<Output> out = new ArrayList<>();
    try {
      rule.accept(out);
      return new Outcome.Done(out);
    } catch (RefusedException | WireException | ContainerException refused) {
      return refusal(refused);
    }
  }

  private static Outcome refusal(RuntimeException refused) {
    return switch (refused) {
      case RefusedException rule -> rule.outcome();
      case WireException wire ->
          new Outcome.Refused(wire.code(), wire.rule().name(), wire.detail());
      case ContainerException container ->
          new Outcome.Refused(container.code(), container.rule().name(), container.detail());
      default -> throw new IllegalStateException(Code.WRONG_STATE.name(), refused);
    };
  }
}
