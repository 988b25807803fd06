package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.util.Optional;

/**
 * The SGX extension of a PCK certificate, OID 1.2.840.113741.1.13.1 (Intel SGX PCK Certificate and
 * CRL Profile): which platform this is and at which TCB it was certified.
 *
 * @param ppid 16 bytes
 * @param tcb what the certificate certifies; levels are chosen by it, never by a report's CPUSVN
 * @param pceId 2 bytes
 * @param fmspc 6 bytes
 * @param sgxType 0 standard, 1 scalable, 2 scalable with integrity
 * @param instanceId 16 bytes, of platform CA certificates
 */
public record PckExtension(
    Bytes ppid,
    Tcb tcb,
    Bytes pceId,
    Bytes fmspc,
    int sgxType,
    Optional<Bytes> instanceId,
    Optional<Configuration> configuration) {

  /**
   * A certified TCB.
   *
   * @param components 16 security versions, one byte each
   * @param pceSvn of the PCE
   * @param cpuSvn 16 opaque bytes
   */
  public record Tcb(Bytes components, int pceSvn, Bytes cpuSvn) {}

  /** How a multi-package platform is configured. */
  public record Configuration(boolean dynamicPlatform, boolean cachedKeys, boolean smtEnabled) {}

  /** Content of the OID that all entries start with. */
  static final Bytes OID = Bytes.hex("2a864886f84d010d01");

  private static final int COMPONENTS = 16;

  static PckExtension parse(Bytes der) throws MalformedException {
    DerReader outer = DerReader.of("SGX extension", der.toArray());
    DerReader in = outer.enter(DerReader.SEQUENCE);
    outer.end();
    DerReader entry = entry(in, 1);
    Bytes ppid = entry.octets(16);
    entry.end();
    entry = entry(in, 2);
    Tcb tcb = tcb(entry.enter(DerReader.SEQUENCE));
    entry.end();
    entry = entry(in, 3);
    Bytes pceId = entry.octets(2);
    entry.end();
    entry = entry(in, 4);
    Bytes fmspc = entry.octets(6);
    entry.end();
    entry = entry(in, 5);
    int type = entry.enumerated(2);
    entry.end();
    Optional<Bytes> instance = Optional.empty();
    Optional<Configuration> configuration = Optional.empty();
    if (in.hasMore()) {
      entry = entry(in, 6);
      instance = Optional.of(entry.octets(16));
      entry.end();
      entry = entry(in, 7);
      configuration = Optional.of(configuration(entry.enter(DerReader.SEQUENCE)));
      entry.end();
    }
    in.end();
    return new PckExtension(ppid, tcb, pceId, fmspc, type, instance, configuration);
  }

  private static Tcb tcb(DerReader in) throws MalformedException {
    byte[] components = new byte[COMPONENTS];
    for (int i = 0; i < COMPONENTS; i++) {
      DerReader entry = entry(in, 2, i + 1);
      components[i] = (byte) entry.small(0xff);
      entry.end();
    }
    DerReader entry = entry(in, 2, 17);
    int pceSvn = entry.small(0xffff);
    entry.end();
    entry = entry(in, 2, 18);
    Bytes cpuSvn = entry.octets(16);
    entry.end();
    in.end();
    return new Tcb(Bytes.wrap(components), pceSvn, cpuSvn);
  }

  private static Configuration configuration(DerReader in) throws MalformedException {
    boolean[] flags = new boolean[3];
    for (int i = 0; i < flags.length; i++) {
      DerReader entry = entry(in, 7, i + 1);
      flags[i] = entry.bool();
      entry.end();
    }
    in.end();
    return new Configuration(flags[0], flags[1], flags[2]);
  }

  /** Enters the next SEQUENCE { OID, value }, whose OID must end in {@code arcs}. */
  private static DerReader entry(DerReader in, int... arcs) throws MalformedException {
    int start = in.position();
    DerReader entry = in.enter(DerReader.SEQUENCE);
    byte[] suffix = new byte[arcs.length];
    for (int i = 0; i < arcs.length; i++) {
      suffix[i] = (byte) arcs[i];
    }
    Bytes expected = Bytes.concat(OID, Bytes.wrap(suffix));
    Bytes found = entry.oid();
    if (!found.equals(expected)) {
      throw in.malformed(start, "OID " + found.toHex(), "OID " + expected.toHex());
    }
    return entry;
  }
}
