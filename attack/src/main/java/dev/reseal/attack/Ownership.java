package dev.reseal.attack;

import static dev.reseal.attack.Host.balance;
import static dev.reseal.attack.Host.done;
import static dev.reseal.attack.Host.write;

import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.attack.NaiveService.Order;
import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.instance.State;
import dev.reseal.instance.Verb;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Who owns the state, and which state: A1 to A3, A7, A39, A52. */
final class Ownership {
  /** One less than an operation may grant without waiting. */
  private static final int RACERS = 7;

  private Ownership() {}

  static List<Attack> rows() {
    return List.of(
        new Live(
            "A1",
            true,
            "replay an older, validly sealed state after re-creation",
            new Falls(Ownership::oldBlob),
            new Rule("STALE_SEALED_STATE/CORE_DIGEST"),
            Ownership::oldContainer),
        new Live(
            "A2",
            true,
            "start two instances from the same sealed state",
            new Falls(Ownership::twoFromOneBlob),
            new Rule("WRONG_STATE"),
            Ownership::racingCandidates),
        new Live(
            "A7",
            false,
            "give the sealed state of one lineage to another, same image",
            new Falls(Ownership::blobOfAnotherService),
            new Rule("LINEAGE_MISMATCH/LINEAGE"),
            Ownership::containerOfAnotherLineage),
        new Live(
            "A39",
            false,
            "replay a permit to destroy in another operation",
            new Falls(Ownership::orderTwice),
            new Rule("FENCED"),
            Ownership::oldTicket),
        new Live(
            "A52",
            false,
            "hold an approved request or an older policy back; take over to another measurement",
            new Falls(Ownership::lateOrder),
            new Rule("FENCED, MEASUREMENT_REFUSED/TARGET, FENCED/POLICY_REPLACED"),
            Ownership::lateRequest));
  }

  private static Ending oldBlob(Stage stage) {
    NaiveEnclave first = new NaiveEnclave(stage.machine());
    first.state = "balance 17";
    Bytes kept = first.seal();
    first.state = "balance 19";
    first.seal();
    NaiveEnclave next = new NaiveEnclave(stage.machine()).start(kept);
    return next.state.equals("balance 17")
        ? new Ending.Won("the service goes on with balance 17 after 19 was acknowledged")
        : new Ending.Harmless("it has " + next.state);
  }

  private static Ending oldContainer(Stage stage) throws IOException {
    Host host = stage.host();
    Instance active = host.serving(17);
    Bytes kept = host.checkpoint(active);
    write(active, 19);
    Bytes opId = host.sealed(active, false);
    Instance candidate = host.create();
    done(candidate.obey(Verb.GRANT, host.granted(candidate, opId)));
    Ending ending =
        Endings.of(Host.restore(candidate, kept), "it serves balance " + balance(candidate));
    return candidate.state() == State.DEAD ? ending : new Ending.Won("the candidate lives on");
  }

  private static Ending twoFromOneBlob(Stage stage) {
    NaiveEnclave first = new NaiveEnclave(stage.machine());
    first.state = "balance 100";
    Bytes blob = first.seal();
    NaiveEnclave one = new NaiveEnclave(stage.machine()).start(blob);
    NaiveEnclave two = new NaiveEnclave(stage.machine()).start(blob);
    NaiveRelyingParty customer = stage.relyingParty();
    boolean both =
        customer.accepts(one.quote, one.tls.verifyKey())
            && customer.accepts(two.quote, two.tls.verifyKey());
    return both
        ? new Ending.Won("two enclaves with " + one.state + ", both trusted by customers")
        : new Ending.Harmless("one of them is not trusted");
  }

  private static Ending racingCandidates(Stage stage) throws Exception {
    Host host = stage.host();
    Bytes opId = host.sealed(host.serving(100), true);
    List<Instance> candidates = new ArrayList<>();
    List<Callable<Reply>> race = new ArrayList<>();
    for (int i = 0; i < RACERS; i++) {
      Instance candidate = host.create();
      Bytes ready = host.ready(candidate, opId);
      candidates.add(candidate);
      race.add(() -> host.site.authority.post("ready", ready));
    }
    int active = 0;
    List<Ending> losers = new ArrayList<>();
    for (Reply reply : together(race)) {
      int number = active + losers.size();
      if (reply instanceof Reply.Answer(Bytes activation)) {
        active++;
        done(candidates.get(number).obey(Verb.ACTIVATION, activation));
      } else {
        losers.add(Endings.of(reply, "activated too"));
      }
    }
    long withKeys = candidates.stream().filter(each -> each.gen().isPresent()).count();
    return active == 1 && withKeys == 1
        ? Endings.all(losers)
        : new Ending.Won(active + " were activated, " + withKeys + " have the new key");
  }

  private static List<Reply> together(List<Callable<Reply>> calls)
      throws InterruptedException, ExecutionException {
    List<Reply> replies = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(calls.size())) {
      for (Future<Reply> each : threads.invokeAll(calls)) {
        replies.add(each.get());
      }
    }
    return replies;
  }

  private static Ending blobOfAnotherService(Stage stage) throws IOException {
    NaiveService bank = new NaiveService(stage);
    bank.put("accounts of the bank");
    bank.seal();
    NaiveService shop = new NaiveService(stage);
    shop.put("prices of the shop");
    shop.seal();
    shop.disk(bank.disk());
    shop.create();
    return shop.get().equals("accounts of the bank")
        ? new Ending.Won("the shop's enclave holds the " + shop.get())
        : new Ending.Harmless("the shop has " + shop.get());
  }

  private static Ending containerOfAnotherLineage(Stage stage) throws IOException {
    Host bank = stage.host();
    Bytes theirs = bank.checkpoint(bank.serving(1_000_000));
    Host shop = stage.host();
    Bytes opId = shop.sealed(shop.serving(3), false);
    Instance candidate = shop.create();
    done(candidate.obey(Verb.GRANT, shop.granted(candidate, opId)));
    return Endings.of(
        Host.restore(candidate, theirs), "the shop has balance " + balance(candidate));
  }

  /** The order "create" was right when it was given, and was carried out; the host keeps it. */
  private static Ending orderTwice(Stage stage) throws IOException {
    SigningKey operator = SigningKey.generate(Randomness.system());
    NaiveService service = new NaiveService(stage, List.of(operator.verifyKey()), Map.of());
    service.put("balance 1");
    service.carryOut(Order.of("seal", operator));
    Order kept = Order.of("create", operator);
    service.carryOut(kept);
    service.put("balance 2");
    service.carryOut(kept);
    return service.get().equals("balance 1")
        ? new Ending.Won("the same order again: destroyed at balance 2, back at " + service.get())
        : new Ending.Harmless("it has " + service.get());
  }

  private static Ending oldTicket(Stage stage) throws IOException {
    Host host = stage.host();
    Site site = host.site;
    Instance active = host.serving(1);
    Ask ask = site.ask(Kind.RESEAL, false, Ask.NOTHING);
    Bytes ticket = Site.answer(site.request(ask, site.operator));
    host.seal(active, ticket);
    Bytes abort =
        Site.answer(site.request(site.ask(Kind.ABORT, false, Ask.NOTHING), site.operator));
    done(active.obey(Verb.ABORT, abort));
    Ending again = Endings.of(active.obey(Verb.FINISH, ticket), "the instance locks again");
    return active.state() == State.SERVING ? again : new Ending.Won("it stopped serving");
  }

  /** Approved for what was on the disk then; the host holds it back until that is outdated. */
  private static Ending lateOrder(Stage stage) throws IOException {
    SigningKey operator = SigningKey.generate(Randomness.system());
    NaiveService service = new NaiveService(stage, List.of(operator.verifyKey()), Map.of());
    service.put("key 1");
    service.carryOut(Order.of("seal", operator));
    Order held = Order.of("create", operator);
    service.put("key 2");
    service.carryOut(held);
    return service.get().equals("key 1")
        ? new Ending.Won("an order approved for key 1, carried out later, undoes key 2")
        : new Ending.Harmless("it has " + service.get());
  }

  private static Ending lateRequest(Stage stage) throws IOException {
    Host host = stage.host();
    Site site = host.site;
    host.serving(1);
    Ask held = site.ask(Kind.RESEAL, true, Ask.NOTHING);
    site.begin(Kind.REKEY, true);
    List<Ending> endings = new ArrayList<>();
    endings.add(Endings.of(site.request(held, site.operator), "the old request began"));
    site.passportsEnd();
    Ask ask = site.ask(Kind.TAKEOVER, false, Ask.NOTHING);
    Ask elsewhere =
        new Ask(
            ask.head(),
            ask.kind(),
            ask.mode(),
            List.of(
                site.target(
                    Bytes.ascii("an older image").sha256(), Optional.of(site.machine.info().id()))),
            false,
            Ask.NOTHING);
    endings.add(Endings.of(site.request(elsewhere, site.operator), "another image took over"));
    Ask older = site.newer(site.policy());
    Site.answer(site.applied(site.policy().replace("\"rpo_updates\": 64", "\"rpo_updates\": 16")));
    endings.add(
        Endings.of(site.request(older, site.operator), "an older policy is in force again"));
    return Endings.all(endings);
  }
}
