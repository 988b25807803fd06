package dev.reseal.attack;

import static dev.reseal.attack.Host.balance;
import static dev.reseal.attack.Host.done;
import static dev.reseal.attack.Host.write;

import dev.reseal.attack.Attack.Baseline.CannotFall;
import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence.NoEffect;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Verb;
import dev.reseal.sealed.Core;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Digests;
import dev.reseal.wire.InstanceMessage.Checkpoint;
import dev.reseal.wire.Kind;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Signed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** In which order things arrive, by which clock, and what sealed bytes tell: A5, A22, A32, A41. */
final class StateAttacks {
  private static final int ORDERS = 200;
  private static final int RECORDS = 2_000;
  private static final long LEASE_MS = 120_000;
  private static final String DAWN = "attack at dawn";
  private static final String DUSK = "attack at dusk";

  private StateAttacks() {}

  static List<Attack> rows() {
    return List.of(
        new Live(
            "A5",
            false,
            "replay, reorder and repeat every message of an operation",
            new Falls(StateAttacks::lateSeal),
            new NoEffect(),
            StateAttacks::shuffled),
        new Live(
            "A22",
            false,
            "set the authority's wall clock ahead to take over early",
            new Falls(StateAttacks::leaseByWallClock),
            new Rule("LEASE_RUNNING"),
            StateAttacks::clockAhead),
        new Live(
            "A32",
            false,
            "have a bomb decoded from sealed state",
            new CannotFall("its AES-GCM is checked over the whole blob before anything is decoded"),
            new Rule("CORRUPT/SEGMENT, STALE_SEALED_STATE/BODY_ID"),
            StateAttacks::flippedContainer),
        new Live(
            "A41",
            false,
            "have two clones use one nonce under one key",
            new Falls(StateAttacks::nonceTwice),
            new Rule("BINDING_MISMATCH/SIGNER"),
            StateAttacks::twoClonesSeal));
  }

  /** The file of a destroyed enclave is on its way longer than that of its successor. */
  private static Ending lateSeal(Stage stage) throws IOException {
    NaiveService service = new NaiveService(stage);
    service.put("balance 1");
    service.seal();
    Bytes late = service.disk();
    service.create();
    service.put("balance 2");
    service.seal();
    service.disk(late);
    service.create();
    return service.get().equals("balance 1")
        ? new Ending.Won("the slower file arrives last: " + service.get() + ", 2 is gone")
        : new Ending.Harmless("it has " + service.get());
  }

  /** A whole re-seal's messages, in random orders, while the next one is under way. */
  private static Ending shuffled(Stage stage) throws IOException {
    Host host = stage.host();
    Site site = host.site;
    Instance old = host.serving(1);
    List<String> names = new ArrayList<>();
    List<Bytes> messages = new ArrayList<>();
    Ask ask = site.ask(Kind.RESEAL, true, Ask.NOTHING);
    Bytes ticket = Site.answer(site.request(ask, site.operator));
    record(names, messages, "seal-receipt", host.seal(old, ticket));
    Site.answer(site.authority.post("seal-receipt", messages.getFirst()));
    Instance next = host.create();
    record(names, messages, "grant-request", host.attest(next, ask.head().opId()));
    Bytes grant = Site.answer(site.authority.post("grant-request", messages.get(1)));
    done(next.obey(Verb.GRANT, grant));
    Bytes body = site.status().head().orElseThrow().bodyId();
    Bytes ready = Host.sent(MessageType.READY, Host.restore(next, host.container(body)));
    record(names, messages, "ready", ready);
    done(next.obey(Verb.ACTIVATION, Site.answer(site.authority.post("ready", ready))));
    record(names, messages, "checkpoint", host.checkpointOf(next));
    Site.answer(site.authority.post("checkpoint", messages.getLast()));
    record(names, messages, "renew", Host.renewal(next));
    host.renew(next);
    write(next, 2);
    Bytes current = host.sealed(next, true);
    long before = site.store.tail().seq();
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < ORDERS; i++) {
      int which = random.nextInt(messages.size());
      site.authority.post(names.get(which), messages.get(which));
    }
    long after = site.store.tail().seq();
    Instance last = host.activate(current);
    return after == before && balance(last) == 2
        ? new Ending.Harmless(ORDERS + " messages in random order: no row changed, balance 2")
        : new Ending.Won((after - before) + " events happened again, balance " + balance(last));
  }

  private static void record(List<String> names, List<Bytes> messages, String name, Bytes message) {
    names.add(name);
    messages.add(message);
  }

  private static Ending leaseByWallClock(Stage stage) {
    HandClocks clocks = new HandClocks();
    NaiveLease lease = new NaiveLease(clocks, LEASE_MS);
    NaiveEnclave one = new NaiveEnclave(stage.machine());
    one.state = "balance 17";
    if (!lease.take() || lease.take()) {
      return new Ending.Harmless("the lease is not one: nothing was tried");
    }
    clocks.set(3_600_000);
    return lease.take()
        ? new Ending.Won(
            "no time has passed, and a second enclave serves "
                + new NaiveEnclave(stage.machine()).start(one.seal()).state
                + " beside the first")
        : new Ending.Harmless("the lease runs");
  }

  private static Ending clockAhead(Stage stage) throws IOException {
    Host host = stage.host();
    host.serving(1);
    host.site.clocks.set(3_600_000);
    Ask ask = host.site.ask(Kind.TAKEOVER, false, Ask.NOTHING);
    return Endings.of(host.site.request(ask, host.site.supervisor), "the takeover began");
  }

  private static Ending flippedContainer(Stage stage) throws IOException {
    List<Ending> endings = new ArrayList<>();
    for (boolean footer : new boolean[] {false, true}) {
      Host host = stage.host();
      Instance active = host.serving(7);
      Host.fill(active, RECORDS);
      Bytes opId = host.sealed(active, false);
      Instance candidate = host.create();
      done(candidate.obey(Verb.GRANT, host.granted(candidate, opId)));
      byte[] file = host.container(host.site.status().head().orElseThrow().bodyId()).toArray();
      file[footer ? file.length - 40 : file.length / 2] ^= 1;
      endings.add(
          Endings.of(
              Host.restore(candidate, Bytes.wrap(file)), "it decoded what the host changed"));
    }
    return Endings.all(endings);
  }

  private static Ending nonceTwice(Stage stage) {
    NaiveEnclave enclave = new NaiveEnclave(stage.machine());
    enclave.state = "balance 17";
    Bytes blob = enclave.seal();
    NaiveEnclave one = new NaiveEnclave(stage.machine()).start(blob);
    NaiveEnclave two = new NaiveEnclave(stage.machine()).start(blob);
    one.state = DAWN;
    two.state = DUSK;
    return read(one.seal(), two.seal())
        ? new Ending.Won("one plaintext known, the other read without a key: " + two.state)
        : new Ending.Harmless("the key streams differ");
  }

  /** Whether somewhere the one ciphertext and its known plaintext give away the other plaintext. */
  private static boolean read(Bytes one, Bytes two) {
    byte[] known = DAWN.getBytes(StandardCharsets.US_ASCII);
    byte[] wanted = DUSK.getBytes(StandardCharsets.US_ASCII);
    int most = Math.min(one.size(), two.size()) - known.length;
    for (int at = 0; at <= most; at++) {
      int same = 0;
      while (same < known.length
          && (byte) (one.at(at + same) ^ two.at(at + same) ^ known[same]) == wanted[same]) {
        same++;
      }
      if (same == known.length) {
        return true;
      }
    }
    return false;
  }

  /**
   * Two instances from one sealed state: the first one's checkpoint is held back, so that after its
   * passports the second one is given the same. Each goes on by itself and seals.
   */
  private static Ending twoClonesSeal(Stage stage) throws IOException {
    Host host = stage.host();
    Instance one = host.activate(host.sealed(host.serving(17), false));
    Bytes body = host.site.status().head().orElseThrow().bodyId();
    Host.note(one, DAWN);
    Bytes held = host.checkpointOf(one);
    host.site.passportsEnd();
    Instance two = host.activate(host.site.begin(Kind.TAKEOVER, false));
    if (!host.site.status().head().orElseThrow().bodyId().equals(body)
        || balance(one) != 17
        || balance(two) != 17) {
      return new Ending.Harmless("they are no clones: nothing was tried");
    }
    Host.note(two, DUSK);
    Bytes registered = host.checkpointOf(two);
    if (key(held).equals(key(registered))) {
      return new Ending.Won("both have sealed under one data key");
    }
    if (read(file(host, held), file(host, registered))) {
      return new Ending.Won("one plaintext known, the other read without a key: " + DUSK);
    }
    Site.answer(host.site.authority.post("checkpoint", registered));
    return Endings.of(host.site.authority.post("checkpoint", held), "both clones are registered");
  }

  /** What a container says of its data key: the same key would say the same. */
  private static Bytes key(Bytes checkpoint) {
    return Core.decode(Signed.peek(Checkpoint.class, checkpoint).core()).pkOpen();
  }

  private static Bytes file(Host host, Bytes checkpoint) {
    Checkpoint said = Signed.peek(Checkpoint.class, checkpoint);
    return host.container(Digests.body(said.core(), said.footer()));
  }
}
