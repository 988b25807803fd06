package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.emulator.Collateral.Judgement;
import dev.reseal.platform.PlatformInfo;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * One emulated machine as it is kept in {@code platform/}: processor secret, keys of its
 * provisioning chain, certificates, and what its TCB authority says. Everything is made at {@link
 * #init} and belongs to this machine alone.
 *
 * @param judgement what the standard channel says of TCBs
 * @param early what the early channel says: the same, or already a recovery
 * @param issued when the collateral was last signed
 */
public record Machine(
    Cpu cpu,
    PlatformIdentity identity,
    Chain chain,
    Judgement judgement,
    Judgement early,
    long crlNumber,
    Instant issued) {
  private static final Duration ROOT_CRL_LIFE = Duration.ofDays(365);

  /** Collateral older than this is signed again when the platform starts. */
  static final Duration REISSUE_AFTER = Duration.ofDays(10);

  /** Names the machine file that the published files are of. */
  private static final String PUBLISHED = "published";

  /** A new machine, as its factory and the provisioning service would make it. */
  public static Machine make(Bytes fmspc, Instant now) {
    PlatformIdentity identity = PlatformIdentity.random(fmspc);
    Cpu cpu = new Cpu(Secret.random(16), open(16), open(32), identity.tcb());
    Judgement judgement = Judgement.of(identity.tcb());
    return new Machine(cpu, identity, Chain.make(identity, now), judgement, judgement, 1, now);
  }

  /** Makes a machine in {@code directory}, which must not hold one yet. */
  public static Machine init(Path directory, Bytes fmspc, Instant now) throws IOException {
    return init(directory, make(fmspc, now));
  }

  /** The same for a machine that was {@link #make}-made or is a {@link #sibling}. */
  public static Machine init(Path directory, Machine machine) throws IOException {
    Files.createDirectories(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    return MachineFile.alone(
        directory,
        () -> {
          if (Files.exists(MachineFile.in(directory))) {
            throw new IOException(
                "platform in '" + directory + "' exists already; its keys would be lost");
          }
          MachineFile.write(directory, machine);
          machine.publish(directory);
          return machine;
        });
  }

  /** Opens the machine in {@code directory}, signing its collateral again if that has grown old. */
  public static Machine open(Path directory, Instant now) throws IOException {
    return MachineFile.alone(
        directory,
        () -> {
          Machine machine = MachineFile.read(directory);
          if (now.isAfter(machine.issued.plus(REISSUE_AFTER)) || now.isBefore(machine.issued)) {
            machine = machine.reissued(now);
            MachineFile.write(directory, machine);
          }
          if (!machine.isPublished(directory)) {
            machine.publish(directory);
          }
          return machine;
        });
  }

  /** Whether all that this machine publishes is there: what names its file is written last. */
  private boolean isPublished(Path directory) throws IOException {
    Path stamp = directory.resolve(PUBLISHED);
    Set<String> names = collateral(judgement).keySet();
    return Stream.of("collateral", "collateral-early")
            .flatMap(folder -> names.stream().map(directory.resolve(folder)::resolve))
            .allMatch(Files::exists)
        && Files.exists(stamp)
        && Files.readString(stamp).equals(MachineFile.digest(directory).toHex());
  }

  /**
   * Changes the machine in {@code directory} for good: file and collateral. A daemon that runs it
   * is told by the host request {@code reload}.
   */
  public static Machine change(Path directory, UnaryOperator<Machine> how) throws IOException {
    return MachineFile.alone(
        directory,
        () -> {
          Machine changed = how.apply(MachineFile.read(directory));
          MachineFile.write(directory, changed);
          changed.publish(directory);
          return changed;
        });
  }

  /** The machine in {@code directory}, as its file has it. */
  public static Machine read(Path directory) throws IOException {
    return MachineFile.read(directory);
  }

  /** With collateral signed at {@code now}. */
  public Machine reissued(Instant now) {
    return new Machine(cpu, identity, chain, judgement, early, crlNumber + 1, now);
  }

  /**
   * A TCB recovery for the machine's TCB: microcode one higher becomes the level that is up to
   * date, on the early channel; {@link #standard} follows later. The machine follows with {@link
   * #withMicrocode}.
   */
  public Machine recovering(String advisory, Instant now) {
    Tcb needed = identity.tcb().withMicrocode(identity.tcb().microcode() + 1);
    Judgement ahead = early.recovery(needed, advisory);
    return new Machine(cpu, identity, chain, judgement, ahead, crlNumber + 1, now);
  }

  /** What the early channel says is now said on the standard channel. */
  public Machine standard(Instant now) {
    return new Machine(cpu, identity, chain, early, early, crlNumber + 1, now);
  }

  /** After a microcode update or a roll back to {@code svn}: new CPUSVN, new PCK certificate. */
  public Machine withMicrocode(int svn, Instant now) {
    Tcb changed = identity.tcb().withMicrocode(svn);
    PlatformIdentity renewed = identity.withTcb(changed);
    Chain certified = chain.certifying(renewed, now);
    return new Machine(cpu.at(changed), renewed, certified, judgement, early, crlNumber, issued);
  }

  /** The PCK certificate that the machine has now is on the CRL from {@code now} on. */
  public Machine revoked(Instant now) {
    BigInteger serial = chain.pckSerial();
    return new Machine(
        cpu,
        identity,
        chain,
        judgement.revoking(serial),
        early.revoking(serial),
        crlNumber + 1,
        now);
  }

  /** The owner changes the owner epoch ("SGX factory reset"): every key is another one. */
  public Machine withOwnerEpoch() {
    Cpu reset = new Cpu(cpu.fuses(), open(16), cpu.reportKeyId(), cpu.tcb());
    return new Machine(reset, identity, chain, judgement, early, crlNumber, issued);
  }

  /**
   * Another machine that the same service provisioned, under the same root: what a fleet has, and
   * what a board swap leaves ({@code fmspc} of this one). Its collateral is that of its own family.
   */
  public Machine sibling(Bytes fmspc, Instant now) {
    PlatformIdentity other = PlatformIdentity.random(fmspc);
    Cpu fresh = new Cpu(Secret.random(16), open(16), open(32), other.tcb());
    Judgement said = Judgement.of(other.tcb());
    boolean same = fmspc.equals(identity.fmspc());
    return new Machine(
        fresh,
        other,
        chain.provisioning(other, now),
        same ? judgement : said,
        same ? early : said,
        crlNumber,
        now);
  }

  /** What the platform tells of itself; the evidence proves it. */
  public PlatformInfo info() {
    return new PlatformInfo(
        PlatformInfo.EMULATED,
        Bytes.of(chain.pck().getPublic().getEncoded()).sha256(),
        Bytes.of(chain.root().getPublic().getEncoded()).sha256());
  }

  /** CPUSVN and what each channel says of it, on one line. */
  public String tcbLine() {
    return "cpusvn %s  standard %s  early %s  evaluation %d, early %d"
        .formatted(
            identity.tcb().cpuSvn(),
            judgement.of(identity.tcb(), chain.pckSerial()),
            early.of(identity.tcb(), chain.pckSerial()),
            judgement.evaluation(),
            early.evaluation());
  }

  public Quoting quoting() {
    Bytes pem = Bytes.concat(chain.pckPem(), Bytes.zeros(1));
    Bytes qeId = Bytes.concat(identity.ppid(), Bytes.zeros(4));
    return new Quoting(identity.tcb(), chain.attestation(), chain.pck(), pem, qeId);
  }

  /** The PEM of the root: what relying parties are given. */
  public Bytes rootPem() {
    return chain.rootPem();
  }

  /** Writes {@code collateral/} and {@code collateral-early/} as a PCCS client keeps them. */
  void publish(Path directory) throws IOException {
    publish(Files.createDirectories(directory.resolve("collateral")), judgement);
    publish(Files.createDirectories(directory.resolve("collateral-early")), early);
    replace(directory, "root.pem", chain.rootPem());
    replace(directory, PUBLISHED, Bytes.ascii(MachineFile.digest(directory).toHex()));
  }

  private void publish(Path folder, Judgement said) throws IOException {
    for (Map.Entry<String, Supplier<Bytes>> file : collateral(said).entrySet()) {
      replace(folder, file.getKey(), file.getValue().get());
    }
  }

  /** The files of a channel by name, each made when it is asked for. */
  private Map<String, Supplier<Bytes>> collateral(Judgement said) {
    var signer = chain.tcbSigner().getPrivate();
    return Map.of(
        "tcb_info.json", () -> Collateral.tcbInfo(said, identity, issued, signer),
        "qe_identity.json", () -> Collateral.qeIdentity(said, Quoting.QE, issued, signer),
        "root.pem", chain::rootPem,
        "tcb_info_issuer_chain.pem", chain::tcbPem,
        "qe_identity_issuer_chain.pem", chain::tcbPem,
        "pck_crl_issuer_chain.pem", chain::authorityPem,
        "root_ca_crl.der", this::rootCrl,
        "pck_crl.der", this::pckCrl);
  }

  Bytes rootCrl() {
    return Provisioning.crl(
        Provisioning.name(Provisioning.ROOT),
        chain.root(),
        crlNumber,
        issued,
        ROOT_CRL_LIFE,
        List.of());
  }

  Bytes pckCrl() {
    return Provisioning.crl(
        Provisioning.name(Provisioning.PLATFORM_CA),
        chain.authority(),
        crlNumber,
        issued,
        Collateral.LIFE,
        judgement.revokedPck());
  }

  static void replace(Path folder, String name, Bytes content) throws IOException {
    Path fresh = folder.resolve("." + name + ".new");
    Files.write(fresh, content.toArray());
    Files.move(fresh, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }

  private static Bytes open(int size) {
    try (Secret random = Secret.random(size)) {
      return random.use(Bytes::of);
    }
  }

  static String pem(Bytes der) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der.toArray());
    return "-----BEGIN CERTIFICATE-----\n" + body + "\n-----END CERTIFICATE-----\n";
  }
}
