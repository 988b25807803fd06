package dev.reseal.simulation;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.EnclaveDevice;
import dev.reseal.emulator.SgxStatus;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.Effect;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Facts;
import dev.reseal.lifecycle.InstanceState;
import dev.reseal.lifecycle.Verb;
import dev.reseal.lifecycle.View;
import dev.reseal.supervisor.Containers;
import dev.reseal.supervisor.Effects;
import dev.reseal.supervisor.Notes;
import dev.reseal.wire.Code;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Status;
import dev.reseal.wire.WireError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Carries out a supervisor's orders in the world, for as long as that supervisor lives. */
final class HostNode implements Effects {
  private final World world;
  private final long life;
  private final Calls calls;

  HostNode(World world, long life) {
    this.world = world;
    this.life = life;
    this.calls = new Calls(world, life);
  }

  @Override
  public void perform(Effect effect) {
    world.trace.line("order " + effect.getClass().getSimpleName());
    switch (effect) {
      case Effect.Inspect _ -> hear(new Event.Fit());
      case Effect.Submit(var call, Bytes message) -> calls.submit(call, message);
      case Effect.Challenge(Bytes opId) -> calls.challenge(opId);
      case Effect.Demand(Kind kind) -> calls.demand(kind);
      case Effect.Fetch(var call, Bytes opId) -> calls.fetch(call, opId);
      case Effect.Park() -> world.clients.park();
      case Effect.Release(String handle) -> world.clients.release(handle);
      case Effect.Advise(String handle, Verb verb, Bytes payload) ->
          world.advise(handle, verb, payload);
      case Effect.CheckPlatform(String handle) -> showSlots(handle);
      case Effect.Keep(_, Bytes body) -> keep(body);
      case Effect.Destroy(String handle) -> destroy(handle);
      case Effect.Reclaim() ->
          hear(new Event.Reclaimed(world.machine.hasRoom() ? "" : "pages do not come back"));
      case Effect.Create _ -> create();
      case Effect.Wait(var alarm, long ms, long turn) ->
          later(ms, () -> hear(new Event.Elapsed(alarm, turn)));
      case Effect.Survey(long afterMs) -> later(afterMs, this::survey);
      case Effect.Tidy() -> tidy();
      case Effect.Finish(Bytes opId, var outcome) -> world.operator().finished(opId, outcome);
    }
  }

  private void hear(Event event) {
    world.supervisor.hear(event);
  }

  private void later(long ms, Runnable what) {
    world.time.after(
        ms,
        () -> {
          if (world.supervisor.life() == life) {
            what.run();
          }
        });
  }

  private Containers containers() {
    return world.supervisor.shelf().containers();
  }

  private void status(Consumer<Optional<Reply>> then) {
    world.network.get(
        "status/" + AuthorityNode.LINEAGE.toHex(),
        reply -> {
          if (world.supervisor.life() == life) {
            then.accept(reply);
          }
        });
  }

  private void showSlots(String handle) {
    status(reply -> {
      if (reply.isPresent() && reply.get() instanceof Reply.Answer(Bytes body)) {
        Status.decode(body)
            .head()
            .ifPresent(head -> world.advise(handle, Verb.PLAT_CHECK, head.slots()));
      }
    });
  }

  private void keep(Bytes body) {
    try {
      containers().keep(body);
      hear(new Event.Kept(body));
    } catch (IOException refused) {
      hear(new Event.NotKept(new Cause("DISK", String.valueOf(refused.getMessage()), "")));
    }
  }

  private void destroy(String handle) {
    if (world.hostile().liesAboutDestroy()) {
      world.hide(handle);
    } else {
      world.destroy(handle);
    }
    hear(new Event.Destroyed(handle));
  }

  private void create() {
    if (!world.platformTakesOrder()) {
      hear(new Event.NotCreated(false, new Cause("PLATFORM", "nobody answers", "")));
      return;
    }
    switch (world.machine.create(AuthorityNode.IMAGE)) {
      case EnclaveDevice.Created.Enclave(EnclaveDevice enclave) -> {
        InstanceNode made = world.start(enclave, world.supervisor, AuthorityNode.LINEAGE);
        hear(new Event.Created(made.handle()));
        hear(new Event.Born(made.handle()));
      }
      case EnclaveDevice.Created.Failed(SgxStatus status, String detail) -> {
        boolean pressure = status.isEpcSuspect();
        Cause cause = new Cause(pressure ? "EPC" : "STILLBORN", status + ": " + detail, "");
        hear(new Event.NotCreated(pressure, cause));
      }
    }
  }

  private void tidy() {
    status(reply -> {
      if (reply.isPresent() && reply.get() instanceof Reply.Answer(Bytes body)) {
        Status.decode(body).head().ifPresent(head -> superseded(head.bodyId()));
      }
    });
  }

  private void superseded(Bytes head) {
    try {
      containers().supersededBy(head);
    } catch (IOException refused) {
      world.trace.line("nothing tidied: " + refused.getMessage());
    }
  }

  private void survey() {
    Optional<Facts.Noted> noted = Notes.newest(world.supervisor.entries());
    status(reply -> {
      List<Facts.Found> found = new ArrayList<>();
      for (InstanceNode node : world.visible()) {
        found.add(
            new Facts.Found(
                node.handle(),
                Optional.of(node.inside().instanceId()),
                InstanceState.valueOf(node.inside().state().name())));
      }
      hear(new Event.Surveyed(view(reply), new Facts(found, bodies(noted), noted)));
    });
  }

  private Set<Bytes> bodies(Optional<Facts.Noted> noted) {
    Optional<Bytes> body = noted.flatMap(Facts.Noted::body);
    if (body.isPresent() && !containers().bodies().contains(body.get())) {
      try {
        containers().recover(body.get());
      } catch (IOException torn) {
        world.trace.line("container not whole: " + torn.getMessage());
      }
    }
    return containers().bodies();
  }

  private static View view(Optional<Reply> reply) {
    if (reply.isEmpty()) {
      return new View.Unreachable("silence");
    }
    return switch (reply.get()) {
      case Reply.Answer(Bytes body) -> row(Status.decode(body));
      case Reply.Refused(WireError error) ->
          error.code() == Code.QUARANTINED
              ? new View.Quarantined()
              : error.code() == Code.LINEAGE_MISMATCH
                  ? new View.Unknown()
                  : new View.Unreachable(error.detail());
      case Reply.Nothing(), Reply.Unknown() -> new View.Unreachable("nonsense");
    };
  }

  private static View row(Status status) {
    Status.Operation row = status.operation();
    return new View.Row(
        View.State.valueOf(status.state()),
        row.kind() == 0 ? Kind.POLICY : Kind.of(row.kind()),
        row.opId(),
        row.fence(),
        status.active().map(Status.Active::instanceId),
        true,
        status.head().map(Status.StateHead::bodyId));
  }
}
