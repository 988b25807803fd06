package dev.reseal.attack;

import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.bytes.Bytes;
import dev.reseal.collateral.CollateralFiles;
import dev.reseal.emulator.Machine;
import dev.reseal.emulator.PlatformIdentity;
import dev.reseal.platform.PlatformInfo;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.P256;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import dev.reseal.wire.Ask;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** What makes a quote worth something: A16 to A19. */
final class Collaterals {
  private Collaterals() {}

  static List<Attack> rows() {
    return List.of(
        new Live(
            "A16",
            false,
            "have a platform of a bad TCB status accepted",
            new Falls(stage -> naive(outOfDate(stage), "a platform that is OutOfDate")),
            new Rule("PLATFORM_REFUSED/TCB, PLATFORM_REFUSED/pck-revoked"),
            Collaterals::badStatus),
        new Live(
            "A17",
            true,
            "feed older collateral after newer, which forgives an old TCB",
            new Falls(Collaterals::oldCollateralBelieved),
            new Rule("COLLATERAL_ROLLBACK"),
            Collaterals::oldCollateral),
        new Live(
            "A18",
            false,
            "break one link: quoting enclave's identity, chain, revocation lists",
            new Falls(Collaterals::anySignature),
            new Rule("untrusted-root, qe-identity-signature, tcb-info-signature, crl"),
            Collaterals::brokenLinks),
        new Live(
            "A19",
            false,
            "pass emulated evidence off as hardware",
            new Falls(Collaterals::rootInTheQuote),
            new Rule("POLICY_REFUSED/POLICY, PLATFORM_REFUSED/emulated-root"),
            Collaterals::emulatedAsHardware));
  }

  /** A machine of its own and where it is kept. */
  record Place(Machine machine, Path folder) {
    Site site(Stage stage) throws IOException {
      return stage.site(machine, folder);
    }

    Place with(UnaryOperator<Machine> how) throws IOException {
      return new Place(Machine.change(folder, how), folder);
    }
  }

  static Place place(Stage stage) throws IOException {
    Path folder = stage.folder().resolve("p");
    return new Place(Machine.init(folder, PlatformIdentity.FIRST_FMSPC, Instant.now()), folder);
  }

  static Place outOfDate(Stage stage) throws IOException {
    return place(stage)
        .with(machine -> machine.recovering("INTEL-SA-00000", Instant.now()))
        .with(machine -> machine.standard(Instant.now()));
  }

  private static Ending naive(Place place, String what) {
    NaiveEnclave enclave = new NaiveEnclave(place.machine());
    NaiveRelyingParty customer =
        new NaiveRelyingParty(place.machine().info().root(), place.folder().resolve("collateral"));
    return customer.accepts(enclave.quote, enclave.tls.verifyKey())
        ? new Ending.Won(what + " is trusted")
        : new Ending.Harmless(what + " is not trusted");
  }

  /** What the authority says to a candidate on that machine, in a lineage that is just born. */
  private static Ending candidate(Site site) {
    Host host = new Host(site);
    site.born();
    Bytes opId = site.begin(Kind.GENESIS, true);
    Bytes request = host.attest(host.create(), opId);
    return Endings.of(site.authority.post("grant-request", request), "it was granted");
  }

  private static Ending badStatus(Stage stage) throws IOException {
    Place revoked = place(stage).with(machine -> machine.revoked(Instant.now()));
    return Endings.all(
        List.of(candidate(outOfDate(stage).site(stage)), candidate(revoked.site(stage))));
  }

  private static void replace(Path folder, Map<Path, byte[]> files) throws IOException {
    for (Map.Entry<Path, byte[]> each : files.entrySet()) {
      Files.write(folder.resolve(each.getKey()), each.getValue());
    }
  }

  private static Map<Path, byte[]> read(Path folder) throws IOException {
    Map<Path, byte[]> files = new HashMap<>();
    try (Stream<Path> list = Files.list(folder)) {
      for (Path each : list.toList()) {
        files.put(each.getFileName(), Files.readAllBytes(each));
      }
    }
    return files;
  }

  private static Ending oldCollateralBelieved(Stage stage) throws IOException {
    Place place = place(stage);
    Map<Path, byte[]> old = read(place.folder().resolve("collateral"));
    Place recovered =
        place
            .with(machine -> machine.recovering("INTEL-SA-00000", Instant.now()))
            .with(machine -> machine.standard(Instant.now()));
    replace(recovered.folder().resolve("collateral"), old);
    return naive(recovered, "a platform whose hole was published, by the old collateral,");
  }

  private static Ending oldCollateral(Stage stage) throws IOException {
    Place place = place(stage);
    Path folder = place.folder().resolve("collateral");
    Map<Path, byte[]> old = read(folder);
    Place recovered =
        place
            .with(machine -> machine.recovering("INTEL-SA-00000", Instant.now()))
            .with(machine -> machine.standard(Instant.now()))
            .with(machine ->
                machine.withMicrocode(machine.identity().tcb().microcode() + 1, Instant.now()));
    // A patched machine of this family was seen with the new collateral; then the host goes back.
    Site site = recovered.site(stage);
    Host host = new Host(site);
    site.born();
    Bytes opId = site.begin(Kind.GENESIS, true);
    Site.answer(site.authority.post("grant-request", host.attest(host.create(), opId)));
    replace(folder, old);
    return Endings.of(
        site.authority.post("grant-request", host.attest(host.create(), opId)),
        "granted by collateral of before the recovery");
  }

  private static Ending anySignature(Stage stage) throws IOException {
    Place theirs = place(stage);
    NaiveEnclave forged = new NaiveEnclave(theirs.machine());
    boolean believed =
        NaiveRelyingParty.signedBySomebody(forged.quote)
            && NaiveRelyingParty.report(forged.quote).mrEnclave().equals(Enclave.IMAGE);
    return believed
        ? new Ending.Won("a quote by the attacker's own quoting key is trusted")
        : new Ending.Harmless("it is not trusted");
  }

  private static Ending brokenLinks(Stage stage) throws Exception {
    Bytes quote = new NaiveEnclave(stage.machine()).quote;
    Path folder = stage.platform().resolve("collateral");
    Collateral mine = CollateralFiles.load(folder);
    List<Ending> endings = new ArrayList<>();
    Place theirs = place(stage);
    endings.add(verdict(stage, new NaiveEnclave(theirs.machine()).quote, mine));
    for (Collateral.Part part :
        List.of(Collateral.Part.QE_IDENTITY, Collateral.Part.TCB_INFO, Collateral.Part.PCK_CRL)) {
      Map<Collateral.Part, Bytes> parts = new HashMap<>(mine.parts());
      Collateral other = CollateralFiles.load(theirs.folder().resolve("collateral"));
      parts.put(part, other.part(part).orElseThrow());
      endings.add(verdict(stage, quote, new Collateral(parts)));
    }
    return Endings.all(endings);
  }

  static Ending verdict(Stage stage, Bytes quote, Collateral collateral) {
    TrustAnchors anchors = TrustAnchors.ofKeys(Set.of(stage.machine().info().root()));
    return switch (Verifier.of(P256.ofJdk(), anchors).verify(quote, collateral, Instant.now())) {
      case Verdict.Trusted _ -> new Ending.Won("the quote is believed");
      case Verdict.Refused refused -> new Ending.Refused(refused.reason().word(), refused.detail());
    };
  }

  private static Ending rootInTheQuote(Stage stage) {
    NaiveEnclave emulated = new NaiveEnclave(stage.machine());
    return NaiveRelyingParty.signedBySomebody(emulated.quote)
        ? new Ending.Won("an emulated enclave passes for hardware")
        : new Ending.Harmless("it is not trusted");
  }

  private static Ending emulatedAsHardware(Stage stage) throws IOException {
    Site site = stage.production();
    String prod =
        site.policy()
            .replace("\"demo\"", "\"prod\"")
            .replace(
                "\"life_ms\": 2000, \"skew_ms\": 200, \"rekey_grace_s\": 2", "\"life_ms\": 30000");
    List<Ending> endings = new ArrayList<>();
    endings.add(Endings.of(site.applied(prod), "a production policy names the emulated root"));
    endings.add(Endings.of(site.applied(site.policy()), "a production authority serves a demo"));
    String intel =
        prod.replace("emulated", "sgx")
            .replace(stage.machine().info().root().toHex(), TrustAnchors.INTEL_KEY.toHex());
    Site.answer(site.applied(intel));
    Host host = new Host(site);
    Ask ask = site.ask(Kind.GENESIS, true, Ask.NOTHING);
    Target sgx = new Target(Enclave.IMAGE, 1, 2, PlatformInfo.SGX, Optional.empty());
    Ask genesis = new Ask(ask.head(), ask.kind(), ask.mode(), List.of(sgx), true, Ask.NOTHING);
    Site.answer(site.request(genesis, site.operator));
    Bytes request = host.attest(host.create(), ask.head().opId());
    endings.add(Endings.of(site.authority.post("grant-request", request), "it was granted"));
    return Endings.all(endings);
  }
}
