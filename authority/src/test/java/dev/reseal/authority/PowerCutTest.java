package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Verb;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Randomness;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The power is cut before and after every durable write of an event (protocol 14.2). */
class PowerCutTest extends OnItsOwnWorld {
  /** The power goes off. */
  private static final class PowerCut extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Counts durable writes and cuts the power before or after the n-th. */
  private static final class Power {
    int left = Integer.MAX_VALUE;
    boolean after;

    void write(Runnable write) {
      left--;
      if (left == 0 && !after) {
        throw new PowerCut();
      }
      write.run();
      if (left == 0) {
        throw new PowerCut();
      }
    }
  }

  private record CutStore(Store inner, Power power) implements Store {
    @Override
    public Optional<Versioned> row(Bytes lineage) {
      return inner.row(lineage);
    }

    @Override
    public Optional<Bytes> lineageNamed(String name) {
      return inner.lineageNamed(name);
    }

    @Override
    public List<Bytes> lineages() {
      return inner.lineages();
    }

    @Override
    public Optional<Bytes> answer(AnswerKey key) {
      return inner.answer(key);
    }

    @Override
    public Tail tail() {
      return inner.tail();
    }

    @Override
    public List<Bytes> log(long fromSeq, long toSeq) {
      return inner.log(fromSeq, toSeq);
    }

    @Override
    public void commit(Change change) {
      power.write(() -> inner.commit(change));
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  private record CutAnchor(Anchor inner, Power power) implements Anchor {
    @Override
    public Optional<Mark> read() {
      return inner.read();
    }

    @Override
    public void advance(Optional<Mark> from, Mark to) {
      power.write(() -> inner.advance(from, to));
    }
  }

  private record CutKeys(KeyStore inner, Power power) implements KeyStore {
    @Override
    public void put(String name, Secret key) {
      power.write(() -> inner.put(name, key));
    }

    @Override
    public void replace(String name, Secret key) {
      power.write(() -> inner.replace(name, key));
    }

    @Override
    public Optional<Secret> get(String name) {
      return inner.get(name);
    }

    @Override
    public void destroy(String name) {
      if (inner.names().contains(name)) {
        power.write(() -> inner.destroy(name));
      }
    }

    @Override
    public Set<String> names() {
      return inner.names();
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  /** A step of an operation: sends one message and returns the bytes that were answered. */
  private interface Step {
    Bytes send();
  }

  /** Everything durable before a step. */
  private record Snapshot(MemoryStore store, Optional<Anchor.Mark> mark, Map<String, Secret> keys) {
    static Snapshot of(World world) {
      Map<String, Secret> keys = new HashMap<>();
      world.keys.names().forEach(name -> keys.put(name, world.keys.get(name).orElseThrow()));
      MemoryStore store = (MemoryStore) ((CutStore) world.store).inner();
      return new Snapshot(store.copy(), world.anchor.read(), keys);
    }

    void restore(World world, Power power) {
      MemoryAnchor anchor = new MemoryAnchor();
      mark.ifPresent(at -> anchor.advance(Optional.empty(), at));
      MemoryKeys fresh = new MemoryKeys();
      keys.forEach(fresh::put);
      world.store = new CutStore(store.copy(), power);
      world.anchor = new CutAnchor(anchor, power);
      world.keys = new CutKeys(fresh, power);
      world.restart();
    }
  }

  /** Cuts the power before and after every write of {@code step}; each time restarts, repeats. */
  private int crashEverywhere(Power power, Step step) {
    Snapshot before = Snapshot.of(world);
    int cuts = 0;
    for (boolean after : new boolean[] {false, true}) {
      int at = 1;
      while (cut(power, step, at, after)) {
        cuts++;
        at++;
        world.restart();
        assertThat(Anchor.compare(world.store.tail(), world.anchor.read()))
            .isEqualTo(new Anchor.Finding.Agree());
        keysAreThoseOfTheRow();
        Bytes answered = step.send();
        assertThat(step.send()).isEqualTo(answered);
        keysAreThoseOfTheRow();
        before.restore(world, power);
      }
      before.restore(world, power);
    }
    step.send();
    return cuts;
  }

  /** Whether the step has that many writes. */
  private static boolean cut(Power power, Step step, int at, boolean after) {
    power.left = at;
    power.after = after;
    try {
      step.send();
      return false;
    } catch (PowerCut cut) {
      return true;
    } finally {
      power.left = Integer.MAX_VALUE;
    }
  }

  private void keysAreThoseOfTheRow() {
    Row row = Ledger.decode(World.LINEAGE, world.store.row(World.LINEAGE).orElseThrow().row());
    assertThat(world.keys.names())
        .containsExactlyInAnyOrderElementsOf(row.keys().names(World.LINEAGE));
    assertThat(row.keys().destroying()).isEmpty();
  }

  @Test
  void aCrashAtAnyWriteOfAnyEventLeavesTheOldRowOrTheNewOne() {
    Power power = new Power();
    new Snapshot(new MemoryStore(), Optional.empty(), Map.of()).restore(world, power);
    Instance old = world.serving();
    int cuts = 0;
    Bytes request = world.signed(world.ask(Kind.RESEAL, true, Ask.NOTHING), world.operator);
    cuts += crashEverywhere(power, () -> answer(world.service.post("request", request)));
    Bytes ticket = answer(world.service.post("request", request));
    Bytes receipt = world.seal(old, ticket);
    cuts += crashEverywhere(power, () -> answer(world.service.post("seal-receipt", receipt)));
    Bytes opId = world.status().operation().opId();
    Instance candidate = world.instance();
    Bytes ready = world.ready(candidate, opId);
    cuts += crashEverywhere(power, () -> answer(world.service.post("ready", ready)));
    World.done(candidate.obey(Verb.ACTIVATION, answer(world.service.post("ready", ready))));
    Bytes checkpoint = world.checkpointOf(candidate);
    cuts += crashEverywhere(power, () -> answer(world.service.post("checkpoint", checkpoint)));
    Ask.Extra can =
        new Ask.Extra.Keys(world.status().retirable().wrapIds(), world.status().retirable().gens());
    Bytes retire = world.signed(world.ask(Kind.RETIRE, false, can), world.operator);
    cuts += crashEverywhere(power, () -> answer(world.service.post("request", retire)));
    keysAreThoseOfTheRow();
    assertThat(cuts).isGreaterThan(20);
    assertThat(world.status().operation().epoch()).isEqualTo(2);
  }

  @Test
  void aCrashAtAnyWriteOfAKeyThatIsAddedLeavesTheOneBeforeOrTheNewOne() {
    Power power = new Power();
    new Snapshot(new MemoryStore(), Optional.empty(), Map.of()).restore(world, power);
    world.serving();
    Bytes before = Bytes.ascii("acknowledged before it was cut..");
    Bytes next = Bytes.ascii("given while the power was cut...");
    KeyCallsTest.add(world, "records", before, Randomness.system().bytes(16));
    Snapshot snapshot = Snapshot.of(world);
    int cuts = 0;
    for (boolean after : new boolean[] {false, true}) {
      int at = 1;
      Bytes nonce = Randomness.system().bytes(16);
      Step step = () -> answered(KeyCallsTest.add(world, "records", next, nonce));
      while (cut(power, step, at, after)) {
        cuts++;
        at++;
        world.restart();
        assertThat(added()).isIn(before, next);
        step.send();
        assertThat(added()).isEqualTo(next);
        snapshot.restore(world, power);
      }
      snapshot.restore(world, power);
    }
    assertThat(cuts).isEqualTo(4);
  }

  private static Bytes answered(Endpoint.Reply reply) {
    assertThat(reply).isInstanceOf(Endpoint.Reply.Nothing.class);
    return Bytes.EMPTY;
  }

  private Bytes added() {
    String name = KeyNames.added(World.LINEAGE, "records");
    return world.keys.get(name).orElseThrow().use(Bytes::of);
  }
}
