package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.emulator.Collateral.Judgement;
import dev.reseal.emulator.Collateral.Level;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.WireException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * The file {@code platform/machine}: CBOR, structure profile, mode 0600, replaced as a whole. It
 * holds the keys in the clear, because nothing here is secret from who owns the machine.
 */
final class MachineFile {
  private static final int VERSION = 1;
  private static final int MOST_LEVELS = 1_000;

  /** A file lock belongs to the whole process, so its threads take turns before it. */
  private static final Object TURN = new Object();

  private MachineFile() {}

  /** Something that reads the machine of a directory, and may replace it. */
  interface Work {
    Machine run() throws IOException;
  }

  /** Does {@code work} while no other thread or process changes the machine in the directory. */
  static Machine alone(Path directory, Work work) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw none(directory);
    }
    synchronized (TURN) {
      try (FileChannel file =
              FileChannel.open(
                  directory.resolve("machine.lock"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock _ = file.lock()) {
        return work.run();
      }
    }
  }

  private static IOException none(Path directory) {
    return new IOException("no platform in '" + directory + "'; make one with: platform init");
  }

  static Path in(Path directory) {
    return directory.resolve("machine");
  }

  /** SHA-256 of the file in {@code directory}; it says nothing of the secrets in it. */
  static Bytes digest(Path directory) throws IOException {
    return FileHashes.fresh(in(directory));
  }

  static void write(Path directory, Machine machine) throws IOException {
    Path fresh = directory.resolve(".machine.new");
    Files.deleteIfExists(fresh);
    var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    var options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (FileChannel out = FileChannel.open(fresh, options, mode)) {
      var content = encode(machine).buffer();
      while (content.hasRemaining()) {
        out.write(content);
      }
      out.force(true);
    }
    Files.move(fresh, in(directory), StandardCopyOption.ATOMIC_MOVE);
  }

  static Machine read(Path directory) throws IOException {
    Path file = in(directory);
    if (!Files.exists(file)) {
      throw none(directory);
    }
    try {
      return decode(Bytes.wrap(Files.readAllBytes(file)));
    } catch (WireException | GeneralSecurityException | IllegalArgumentException damaged) {
      throw new IOException("platform file '" + file + "' is damaged: " + damaged.getMessage());
    }
  }

  private static Bytes encode(Machine machine) {
    Cpu cpu = machine.cpu();
    PlatformIdentity id = machine.identity();
    Chain chain = machine.chain();
    return Cbor.map()
        .with(1, VERSION)
        .with(2, cpu.fuses().use(Bytes::of))
        .with(3, cpu.ownerEpoch())
        .with(4, cpu.reportKeyId())
        .with(5, id.ppid())
        .with(6, id.instanceId())
        .with(7, id.fmspc())
        .with(8, id.pceId())
        .with(9, tcb(id.tcb()))
        .with(10, Cbor.array(pairs(chain), MachineFile::pair))
        .with(11, Cbor.array(certificates(chain), Cbor::of))
        .with(12, judgement(machine.judgement()))
        .with(13, judgement(machine.early()))
        .with(14, machine.crlNumber())
        .with(15, machine.issued().toEpochMilli())
        .encode();
  }

  private static Machine decode(Bytes encoded) throws GeneralSecurityException {
    Fields in = Fields.ofMap(encoded, "machine");
    in.uint(1, VERSION, VERSION);
    Tcb tcb = tcb(in.nested(9));
    Cpu cpu = new Cpu(Secret.own(in.bytes(2, 16).toArray()), in.bytes(3, 16), in.bytes(4, 32), tcb);
    PlatformIdentity identity =
        new PlatformIdentity(in.bytes(5, 16), in.bytes(6, 16), in.bytes(7, 6), in.bytes(8, 2), tcb);
    Chain chain = chain(in.nested(10), in.nested(11));
    return in.end(
        new Machine(
            cpu,
            identity,
            chain,
            judgement(in.nested(12)),
            judgement(in.nested(13)),
            in.uint(14),
            Instant.ofEpochMilli(in.uint(15))));
  }

  private static Cbor judgement(Judgement judgement) {
    return Cbor.array(
        Cbor.of(judgement.evaluation()),
        Cbor.array(judgement.levels(), MachineFile::level),
        Cbor.array(judgement.revokedPck(), MachineFile::serial));
  }

  private static Judgement judgement(Fields in) {
    return in.end(
        new Judgement(
            (int) in.uint(0, 0, Integer.MAX_VALUE),
            in.list(1, 1, MOST_LEVELS, each -> level(each.nested(0))),
            in.list(2, 0, MOST_LEVELS, each -> new BigInteger(1, each.blob(0, 64).toArray()))));
  }

  private static List<KeyPair> pairs(Chain chain) {
    return List.of(
        chain.root(), chain.authority(), chain.pck(), chain.tcbSigner(), chain.attestation());
  }

  private static List<Bytes> certificates(Chain chain) {
    return List.of(chain.rootDer(), chain.authorityDer(), chain.pckDer(), chain.tcbDer());
  }

  private static Chain chain(Fields keys, Fields der) throws GeneralSecurityException {
    return new Chain(
        pair(keys.nested(0)),
        pair(keys.nested(1)),
        pair(keys.nested(2)),
        pair(keys.nested(3)),
        pair(keys.nested(4)),
        der.blob(0, 4096),
        der.blob(1, 4096),
        der.blob(2, 4096),
        der.blob(3, 4096));
  }

  private static Cbor pair(KeyPair pair) {
    return Cbor.array(
        Cbor.of(Bytes.of(pair.getPrivate().getEncoded())),
        Cbor.of(Bytes.of(pair.getPublic().getEncoded())));
  }

  private static KeyPair pair(Fields in) throws GeneralSecurityException {
    return Keys.of(in.blob(0, 1024).toArray(), in.blob(1, 1024).toArray());
  }

  private static Cbor tcb(Tcb tcb) {
    return Cbor.array(Cbor.of(tcb.cpuSvn()), Cbor.of(tcb.pceSvn()));
  }

  private static Tcb tcb(Fields in) {
    return new Tcb(in.bytes(0, 16), (int) in.uint(1, 0, 0xffff));
  }

  private static Cbor level(Level level) {
    return Cbor.array(
        tcb(level.tcb()), Cbor.of(level.status()), Cbor.array(level.advisories(), Cbor::of));
  }

  private static Level level(Fields in) {
    return new Level(
        tcb(in.nested(0)), in.text(1), in.list(2, 0, MOST_LEVELS, each -> each.text(0)));
  }

  private static Cbor serial(BigInteger serial) {
    return Cbor.of(Bytes.wrap(serial.toByteArray()));
  }
}
