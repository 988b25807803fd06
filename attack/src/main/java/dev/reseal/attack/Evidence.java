package dev.reseal.attack;

import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.wire.Claims;
import dev.reseal.wire.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Whose quote it is and what it says: A9, A11, A49, A50. */
final class Evidence {
  private Evidence() {}

  static List<Attack> rows() {
    return List.of(
        new Live(
            "A9",
            true,
            "check one enclave, provision another: swap the key on the way",
            new Falls(Evidence::keyBesideTheQuote),
            new Rule("BINDING_MISMATCH/REPORTDATA"),
            Evidence::keyOfAnother),
        new Live(
            "A11",
            false,
            "use the still valid quote of a destroyed enclave",
            new Falls(Evidence::deadQuote),
            new Rule("BINDING_MISMATCH/NONCE, BINDING_MISMATCH/SIGNER"),
            Evidence::deadEvidence),
        new Live(
            "A49",
            false,
            "have the application's quote endpoint quote the attacker's claims",
            new Falls(Evidence::quoteOracle),
            new Rule("BINDING_MISMATCH/REPORTDATA"),
            Evidence::appQuoteAsEvidence),
        new Live(
            "A50",
            false,
            "report ready without having opened the state",
            new Falls(Evidence::readyIsAWord),
            new Rule("BINDING_MISMATCH/OPENING_PROOF"),
            Evidence::readyOfAForger));
  }

  private static Ending keyBesideTheQuote(Stage stage) {
    NaiveEnclave honest = new NaiveEnclave(stage.machine());
    // The provisioning script asks for a quote over its nonce and for a key; the host is in
    // between.
    Bytes nonce = Bytes.ascii("nonce of the provisioning").sha256();
    Bytes quote = honest.quoteFor(Bytes.concat(nonce, Bytes.zeros(32)));
    boolean checked =
        stage.relyingParty().genuine(quote)
            && NaiveRelyingParty.report(quote).mrEnclave().equals(Enclave.IMAGE)
            && NaiveRelyingParty.report(quote).reportData().slice(0, 32).equals(nonce);
    NaiveProvisioning.Envelope envelope = NaiveProvisioning.forKeyBeside(checked);
    return new Ending.Won("the host reads the provisioned secret: " + envelope.readByTheHost());
  }

  private static Ending keyOfAnother(Stage stage) throws IOException {
    Host host = stage.host();
    Bytes opId = host.sealed(host.serving(1), false);
    Forger forger = new Forger(host, opId);
    return Endings.of(
        host.site.authority.post("grant-request", forger.withOtherClaims()),
        "the grant is encrypted to the host's key");
  }

  private static Ending deadQuote(Stage stage) {
    NaiveEnclave dead = new NaiveEnclave(stage.machine());
    dead.state = "balance 5";
    NaiveEnclave next = new NaiveEnclave(stage.machine()).start(dead.seal());
    boolean still = stage.relyingParty().accepts(dead.quote, dead.tls.verifyKey());
    return still
        ? new Ending.Won(
            "the destroyed enclave's quote still verifies beside the one at " + next.state)
        : new Ending.Harmless("the old quote is refused");
  }

  private static Ending deadEvidence(Stage stage) throws IOException {
    Host host = stage.host();
    Instance old = host.serving(1);
    Bytes first = host.sealed(old, false);
    Instance dead = host.create();
    Bytes evidence = host.attest(dead, first);
    Site.answer(host.site.authority.post("grant-request", evidence));
    Instance active = host.activate(first);
    Bytes renewal = Host.renewal(active);
    active.close();
    Bytes second = host.site.status().operation().opId();
    host.site.passportsEnd();
    Bytes takeover = host.site.begin(Kind.TAKEOVER, false);
    List<Ending> endings = new ArrayList<>();
    Forger forger = new Forger(host, takeover);
    endings.add(
        Endings.of(
            host.site.authority.post("grant-request", forger.withNonceOf(evidence)),
            "old evidence was granted in " + second));
    Instance successor = host.activate(takeover);
    endings.add(
        Endings.of(
            host.site.authority.post("renew", renewal),
            "a passport for the destroyed instance beside " + successor.instanceId()));
    return Endings.all(endings);
  }

  private static Ending quoteOracle(Stage stage) {
    NaiveEnclave service = new NaiveEnclave(stage.machine());
    var mine = NaiveProvisioning.hostKey();
    Bytes quote = service.quoteFor(NaiveEnclave.reportData(mine.verifyKey().spki()));
    return stage.relyingParty().accepts(quote, mine.verifyKey())
        ? new Ending.Won("the host's own TLS key is trusted as the enclave's")
        : new Ending.Harmless("the quote is not accepted");
  }

  private static Ending appQuoteAsEvidence(Stage stage) throws IOException {
    Host host = stage.host();
    Bytes opId = host.sealed(host.serving(1), false);
    Forger forger = new Forger(host, opId);
    // The only quote that an application can ask the SDK for: over its data, under its own tag.
    Bytes request = forger.quotedAs(Claims.appReportData(forger.claims()));
    return Endings.of(host.site.authority.post("grant-request", request), "it was granted");
  }

  private static Ending readyIsAWord(Stage stage) throws IOException {
    NaiveService service = new NaiveService(stage);
    service.put("balance 8");
    service.replaceBy(new NaiveEnclave(stage.machine()), stage.relyingParty());
    return service.get().isEmpty()
        ? new Ending.Won("the old enclave is destroyed, the new one has nothing")
        : new Ending.Harmless("it has " + service.get());
  }

  private static Ending readyOfAForger(Stage stage) throws IOException {
    Host host = stage.host();
    Bytes opId = host.sealed(host.serving(1), false);
    Bytes honest = host.ready(host.create(), opId);
    Forger forger = new Forger(host, opId);
    Site.answer(host.site.authority.post("grant-request", forger.grantRequest()));
    Ending ending =
        Endings.of(host.site.authority.post("ready", forger.ready(honest)), "it was activated");
    Instance restored = host.activate(opId);
    return Host.balance(restored) == 1 ? ending : new Ending.Won("the head does not open any more");
  }
}
