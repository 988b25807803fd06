package dev.reseal.authority;

import static dev.reseal.authority.World.answer;
import static dev.reseal.authority.World.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.instance.Instance;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Code;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Head;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Limits;
import dev.reseal.wire.LogMessage;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Rollback, damage and forgotten keys (protocol 14.2, 15). */
class LedgerTest extends OnItsOwnWorld {
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
  void aStartOverAnOlderRegisterKeepsTheKeysOfTheNewerOne() {
    Instance old = world.serving();
    MemoryStore backup = ((MemoryStore) world.store).copy();
    Instance next = world.activate(world.sealed(old, true));
    world.checkpoint(next);
    Store newest = world.store;
    startOver(backup);
    startOver(newest);
    assertThat(world.service.alarms()).isEmpty();
    world.checkpoint(next);
  }

  /** Whoever put it back put back its anchor as well. */
  private void startOver(Store register) {
    world.store = register;
    world.anchor = new MemoryAnchor();
    if (register.tail().seq() > 0) {
      Anchor.Mark newest = new Anchor.Mark(register.tail().seq(), register.tail().hash());
      world.anchor.advance(Optional.empty(), newest);
    }
    world.restart();
  }

  @Test
  void t26KeysThatTheRegisterCannotKnowRefuseTheStartAndStay() {
    world.serving();
    MemoryStore backup = ((MemoryStore) world.store).copy();
    world.begin(Kind.REKEY, true);
    world.begin(Kind.REKEY, true);
    Set<String> now = world.keys.names();
    assertThatThrownBy(() -> startOver(backup))
        .isInstanceOf(StoreException.Rollback.class)
        .hasMessageContaining("gen/" + World.LINEAGE + "/3/3, the register is at fence 1");
    assertThatThrownBy(() -> startOver(new MemoryStore()))
        .isInstanceOf(StoreException.Rollback.class)
        .hasMessageContaining("of a lineage that the register lacks");
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
    Row row = world.stored();
    world.put(row.withCounters(row.epoch(), row.fence() + 1, row.gen()));
    assertThatThrownBy(world::restart)
        .hasMessageContaining(World.LINEAGE.toHex())
        .hasMessageContaining("customers");
  }

  @Test
  void aRowThatNoStartCouldReadIsNotWrittenNorAreItsKeys() {
    world.serving();
    Row row = world.stored();
    Keys full = row.keys();
    for (int i = full.wraps().size(); i < Limits.LIST; i++) {
      full = full.plusWrap(new Keys.Wrap(Bytes.u32(i).sha256(), row.fence()));
    }
    world.put(row.withKeys(full));
    Set<String> before = world.keys.names();
    world.clocks.pass(2_500);
    Reply reply = world.request(world.ask(Kind.TAKEOVER, false, Ask.NOTHING), world.operator);
    assertThat(refusal(reply).code()).isEqualTo(Code.UNAVAILABLE);
    assertThat(world.keys.names()).isEqualTo(before);
    answer(world.request(world.ask(Kind.CLOSE, false, Ask.NOTHING), world.operator));
    world.restart();
    assertThat(world.stored().keys().wraps()).isEmpty();
    assertThat(world.keys.names()).noneMatch(name -> name.startsWith("wrap/"));
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
    assertThat(refusal(world.applied(world.policy(""))).rule()).isEqualTo("emulated-root");
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
