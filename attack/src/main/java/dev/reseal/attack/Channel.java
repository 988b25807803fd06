package dev.reseal.attack;

import static dev.reseal.attack.Host.done;

import dev.reseal.attack.Attack.Baseline;
import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence.NoEffect;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.MachineDevice;
import dev.reseal.instance.Instance;
import dev.reseal.instance.Trust;
import dev.reseal.instance.Verb;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Limits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Between instance, authority and customer: A3, A8, A10, A12, A36, A42, A51, A53. */
final class Channel {
  private Channel() {}

  static List<Attack> rows() {
    return List.of(
        new Live(
            "A3",
            true,
            "keep the old instance running beside its successor",
            new Falls(Channel::fakedDestroy),
            new Rule("EPOCH_SUPERSEDED, PASSPORT_EXPIRED"),
            stage -> stage.python("A3", "reseal")),
        new Live(
            "A8",
            false,
            "deliver a key generation to another instance, or as another one",
            new Falls(Channel::keysSwapped),
            new Rule("LINEAGE_MISMATCH, BINDING_MISMATCH/SIGNATURE"),
            Channel::grantsSwapped),
        new Live(
            "A10",
            false,
            "relay the exchange; answer from a genuine instance of the attacker",
            new Falls(Channel::diverted),
            new Rule("CHANNEL_MISMATCH, NOT_ATTESTED"),
            stage -> stage.python("A10", "reseal")),
        python("A12", "resume a TLS session across a re-creation", new NoEffect()),
        python("A36", "fork() an instance and use the child", new Rule("WRONG_STATE")),
        python(
            "A42",
            "put a gadget into the state that runs code when it is decoded",
            new Rule("TypeError, TRAILING")),
        python("A51", "show an invented log head", new NoEffect()),
        new Live(
            "A53",
            false,
            "weaken the policy by configuration",
            new Falls(Channel::bindingByEnvironment),
            new Rule("BINDING_MISMATCH/SIGNATURE, POLICY_REFUSED"),
            Channel::policyOfTheHost));
  }

  private static Live python(String id, String title, Attack.Defence defence) {
    Baseline baseline = new Falls(stage -> stage.python(id, "naive"));
    return new Live(id, false, title, baseline, defence, stage -> stage.python(id, "reseal"));
  }

  private static Ending fakedDestroy(Stage stage) {
    NaiveEnclave old = new NaiveEnclave(stage.machine());
    old.state = "balance 1";
    NaiveEnclave next = new NaiveEnclave(stage.machine()).start(old.seal());
    next.state = "balance 2";
    NaiveRelyingParty customer = stage.relyingParty();
    boolean both =
        customer.accepts(next.quote, next.tls.verifyKey())
            && customer.accepts(old.quote, old.tls.verifyKey());
    return both
        ? new Ending.Won("customers of the old enclave still get " + old.state)
        : new Ending.Harmless("the old one is not trusted");
  }

  /** Keys are wrapped under the signer's key, with nothing about what they are for. */
  private static Ending keysSwapped(Stage stage) throws IOException {
    String published = "test key, in every example";
    NaiveService test = new NaiveService(stage);
    test.put(published);
    test.seal();
    NaiveService billing = new NaiveService(stage);
    billing.put("billing key");
    billing.seal();
    billing.disk(test.disk());
    billing.create();
    String bill = "to the attacker: 100";
    return billing.bill(bill).equals(NaiveEnclave.bill(published, bill))
        ? new Ending.Won("the service signs bills as anybody can: with the published test key")
        : new Ending.Harmless("it does not sign with the test key");
  }

  private static Ending grantsSwapped(Stage stage) throws IOException {
    Host host = stage.host();
    Site site = host.site;
    Instance one = host.serving(1);
    Host other = new Host(stage.site(site.signer));
    Instance two = other.serving(2);
    Bytes first = rekeyGrant(site);
    Bytes second = rekeyGrant(other.site);
    List<Ending> endings = new ArrayList<>();
    endings.add(Endings.of(two.obey(Verb.REKEY_GRANT, first), "it has the other one's keys"));
    endings.add(
        Endings.of(
            one.obey(Verb.REKEY_GRANT, withField(first, 13, field(second, 13))),
            "it has keys of another making"));
    Ending ending = Endings.all(endings);
    return one.gen().equals(Optional.of(1L)) && two.gen().equals(Optional.of(1L))
        ? ending
        : new Ending.Won("a generation was installed");
  }

  private static Bytes rekeyGrant(Site site) {
    return Site.answer(site.request(site.ask(Kind.REKEY, true, Ask.NOTHING), site.operator));
  }

  private static Cbor field(Bytes cose, int number) {
    Cbor.Map fields = (Cbor.Map) Cbor.decode(Cose.parse(cose, Limits.MESSAGE).payload());
    return Objects.requireNonNull(fields.entries().get((long) number));
  }

  /** The message with one field of its payload replaced, under the signature that it had. */
  private static Bytes withField(Bytes cose, int number, Cbor value) {
    Bytes payload = Cose.parse(cose, Limits.MESSAGE).payload();
    Cbor.Map fields = (Cbor.Map) Cbor.decode(payload);
    Bytes changed = fields.without(number).with(number, value).encode();
    if (changed.size() != payload.size()) {
      throw new IllegalStateException("the field has another size");
    }
    int at = cose.size() - 64 - 2 - payload.size();
    return Bytes.concat(
        cose.slice(0, at),
        changed,
        cose.slice(at + payload.size(), cose.size() - at - payload.size()));
  }

  private static Ending diverted(Stage stage) {
    NaiveEnclave attackers = new NaiveEnclave(stage.machine());
    // The same public image, started by the attacker, at the address of the victim's.
    return stage.relyingParty().accepts(attackers.quote, attackers.tls.verifyKey())
        ? new Ending.Won("requests for the victim go to the attacker's own instance of the image")
        : new Ending.Harmless("the attacker's instance is not trusted");
  }

  private static Ending bindingByEnvironment(Stage stage) throws IOException {
    Map<String, String> environment = Map.of("SEAL_POLICY", "none");
    NaiveService service = new NaiveService(stage, List.of(), environment);
    service.put("all customers");
    service.seal();
    return service.disk().equals(Bytes.ascii("all customers"))
        ? new Ending.Won("SEAL_POLICY=none: all customers stand readable on the disk")
        : new Ending.Harmless("it is sealed all the same");
  }

  private static Ending policyOfTheHost(Stage stage) throws IOException {
    Host host = stage.host();
    Bytes opId = host.sealed(host.serving(1), false);
    List<Ending> endings = new ArrayList<>();
    Instance candidate = host.create();
    Bytes grant = host.granted(candidate, opId);
    byte[] weaker = grant.toArray();
    int binding = weaker.length - 64 - 2 - 40; // inside the essentials, the last field
    weaker[binding] ^= 1;
    endings.add(
        Endings.of(
            candidate.obey(Verb.GRANT, Bytes.wrap(weaker)), "it runs under the host's policy"));
    done(candidate.obey(Verb.GRANT, grant));
    // An image that fixes its policy, under an authority that has another one for it.
    Trust fixed =
        new Trust(
            List.of(host.site.signer.verifyKey()),
            Optional.of(Bytes.ascii("the reviewed policy").sha256()),
            host.site.lineage);
    Instance strict = host.create(new MachineDevice(host.site.machine, Enclave.admitted()), fixed);
    endings.add(
        Endings.of(
            strict.obey(Verb.GRANT, host.granted(strict, opId)), "it runs under another policy"));
    return Endings.all(endings);
  }
}
