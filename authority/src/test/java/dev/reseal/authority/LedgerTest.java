package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Verb;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Code;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.LogMessage;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Crashes at every write, rollback, damage and forgotten keys (protocol 14.2, 15). */
class LedgerTest {
  @TempDir private Path home;
  private World world;

  @BeforeEach
  void make() {
    world = new World(home);
  }

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
  void t26ADatabaseThatIsOlderThanItsAnchorIsNotServed() {
    world.serving();
    MemoryStore backup = ((MemoryStore) world.store).copy();
    world.begin(Kind.REKEY, true);
    world.begin(Kind.REKEY, true);
    world.store = backup;
    assertThatThrownBy(world::restart)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("rollback suspected");
  }

  @Test
  void t26ASignedHeadAheadOfTheLogQuarantinesAndAnUnsignedOneDoesNothing() {
    Instance active = world.serving();
    Bytes ahead = head(world.signer, world.store.tail().seq() + 5);
    Bytes forged = head(SigningKey.generate(Randomness.system()), 1_000);
    assertThat(Witness.accuses(forged, world.signer.verifyKey(), world.store.tail())).isFalse();
    assertThat(Witness.accuses(ahead, world.signer.verifyKey(), world.store.tail())).isTrue();
    // The instance learns the head from a passport-like message of the register that was lost.
    MemoryStore backup = ((MemoryStore) world.store).copy();
    Anchor.Mark mark = new Anchor.Mark(world.store.tail().seq(), world.store.tail().hash());
    world.checkpoint(active);
    world.checkpoint(active);
    Bytes renewal = world.renewal(active);
    world.store = backup;
    world.anchor = new MemoryAnchor();
    world.anchor.advance(Optional.empty(), mark);
    world.restart();
    assertThat(refusal(world.service.post("renew", renewal)).code()).isEqualTo(Code.QUARANTINED);
    world.restart();
    assertThat(refusal(world.service.get("status/" + World.LINEAGE)).code())
        .isEqualTo(Code.QUARANTINED);
  }

  private static Bytes head(SigningKey by, long seq) {
    return Signed.sign(new LogMessage.LogHead(Head.LOG, seq, Bytes.zeros(32)), by).cose();
  }

  @Test
  void t38AnOldKeyStoreRevivesNoDestroyedKey() {
    Instance old = world.serving();
    Map<String, Secret> backup = new HashMap<>();
    world.keys.names().forEach(name -> backup.put(name, world.keys.get(name).orElseThrow()));
    Instance next = world.activate(world.sealed(old, false));
    world.checkpoint(next);
    answer(world.retireAll());
    Set<String> now = world.keys.names();
    backup.forEach((name, key) -> {
      if (!world.keys.names().contains(name)) {
        world.keys.put(name, key);
      }
    });
    world.restart();
    assertThat(world.keys.names()).isEqualTo(now);
  }

  @Test
  void aMissingKeyBlocksItsLineageAndOnlyCloseIsLeft() {
    Instance active = world.serving();
    String wrap =
        world.keys.names().stream().filter(n -> n.startsWith("wrap/")).findFirst().orElseThrow();
    world.keys.destroy(wrap);
    world.restart();
    assertThat(world.service.alarms()).containsKey(World.LINEAGE);
    assertThat(refusal(world.service.post("renew", world.renewal(active))).rule())
        .isEqualTo("KEY_MISSING");
    answer(world.request(world.ask(Kind.CLOSE, false, Ask.NOTHING), world.operator));
  }

  @Test
  void aRowThatIsNotTheOneInTheLogIsNamed() {
    world.serving();
    Store.Versioned held = world.store.row(World.LINEAGE).orElseThrow();
    Row row = Ledger.decode(World.LINEAGE, held.row());
    Bytes changed = Ledger.encode(row.withCounters(row.epoch(), row.fence() + 1, row.gen()));
    world.store.commit(
        new Store.Change(
            World.LINEAGE, World.NAME, held.version(), changed, List.of(), Map.of(), List.of()));
    assertThatThrownBy(world::restart)
        .hasMessageContaining(World.LINEAGE.toHex())
        .hasMessageContaining("customers");
  }

  @Test
  void t31AProdAuthorityServesNoEmulatedPlatformAndADemoOneDoes() {
    world.born();
    world.restart();
    world.env = Essentials.Env.PROD;
    assertThatThrownBy(world::restart).hasMessageContaining("env prod");
    world.store = new MemoryStore();
    world.anchor = new MemoryAnchor();
    world.restart();
    Ask ask =
        world.ask(Kind.POLICY, false, new Ask.Extra.PolicyFile(World.bytes(world.policy(""))));
    assertThat(refusal(world.request(ask, world.operator)).rule()).isEqualTo("emulated-root");
  }

  @Test
  void theWholeLifeRunsOverSqliteAndSurvivesAStartInBetween() throws IOException {
    Path file = home.resolve("register.db");
    world.store = SqliteStore.open(file);
    world.anchor = new FileAnchor(home.resolve("anchor"));
    world.keys = KeyFile.open(home.resolve("keystore"));
    world.restart();
    Instance old = world.serving();
    Bytes opId = world.sealed(old, true);
    world.store.close();
    world.keys.close();
    assertThatThrownBy(
            () -> {
              try (SqliteStore one = SqliteStore.open(file);
                  SqliteStore two = SqliteStore.open(file)) {
                assertThat(one).isNotSameAs(two);
              }
            })
        .isInstanceOf(StoreException.class);
    world.store = SqliteStore.open(file);
    world.keys = KeyFile.open(home.resolve("keystore"));
    world.restart();
    Instance next = world.activate(opId);
    assertThat(next.gen()).contains(2L);
    world.store.close();
    world.keys.close();
  }
}
