package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each structure against its size, its reserved bytes and its own encoder. */
class StructuresTest {
  private static final int SEEDS = 50;

  interface Parser {
    Object parse(Bytes bytes) throws MalformedException;
  }

  interface Sample {
    Bytes encode(Samples samples);
  }

  /** {@code reserved}: pairs of offset and length. */
  record Structure(String name, int size, Parser parser, Sample sample, List<Integer> reserved) {
    @Override
    public String toString() {
      return name;
    }

    BitSet reservedBytes() {
      BitSet bytes = new BitSet(size);
      for (int i = 0; i < reserved.size(); i += 2) {
        bytes.set(reserved.get(i), reserved.get(i) + reserved.get(i + 1));
      }
      return bytes;
    }
  }

  static Stream<Structure> structures() {
    return Stream.of(
        new Structure("ATTRIBUTES", 16, Attributes::parse, s -> s.attributes().encode(), List.of()),
        new Structure(
            "KEYREQUEST",
            512,
            KeyRequest::parse,
            s -> s.keyRequest().encode(),
            List.of(6, 2, 78, 434)),
        new Structure(
            "TARGETINFO",
            512,
            TargetInfo::parse,
            s -> s.targetInfo().encode(),
            List.of(48, 2, 56, 8, 128, 384)),
        new Structure(
            "REPORT body",
            384,
            ReportBody::parse,
            s -> s.reportBody().encode(),
            List.of(20, 12, 96, 32, 160, 32, 262, 42)),
        new Structure(
            "REPORT",
            432,
            Report::parse,
            s -> new Report(s.reportBody(), s.bytes(32), s.bytes(16)).encode(),
            List.of(20, 12, 96, 32, 160, 32, 262, 42)),
        new Structure(
            "SECS",
            4096,
            Secs::parse,
            s -> s.secs().encode(),
            List.of(24, 24, 96, 32, 160, 32, 262, 3834)),
        new Structure(
            "SECINFO", 64, SecInfo::parse, s -> new SecInfo(0x203).encode(), List.of(8, 56)),
        new Structure(
            "TCS", 4096, Tcs::parse, s -> s.tcs().encode(), List.of(0, 8, 9, 7, 40, 8, 72, 4024)),
        new Structure(
            "SIGSTRUCT",
            1808,
            SigStruct::parse,
            s ->
                new SigStruct(
                        s.sigStructBody(), s.bytes(384), s.bytes(384), s.bytes(384), s.bytes(384))
                    .encode(),
            List.of(44, 84, 908, 4, 992, 16, 1028, 12)));
  }

  @ParameterizedTest
  @MethodSource("structures")
  void whatIsEncodedIsReadBackEqual(Structure structure) throws MalformedException {
    for (int seed = 0; seed < SEEDS; seed++) {
      Bytes bytes = structure.sample.encode(new Samples(seed));
      assertThat(bytes.size()).isEqualTo(structure.size);
      Object first = structure.parser.parse(bytes);
      assertThat(structure.parser.parse(bytes)).isEqualTo(first);
      assertThat(encodeAgain(first)).isEqualTo(bytes);
    }
  }

  @ParameterizedTest
  @MethodSource("structures")
  void everyOtherLengthIsRefused(Structure structure) {
    Bytes bytes = structure.sample.encode(new Samples(1));
    for (int size : new int[] {0, 1, structure.size - 1, structure.size + 1}) {
      Bytes other = Bytes.wrap(Arrays.copyOf(bytes.toArray(), size));
      assertThatThrownBy(() -> structure.parser.parse(other))
          .isInstanceOf(MalformedException.class)
          .hasMessageContaining("found " + size + " bytes, expected " + structure.size + " bytes");
    }
  }

  @ParameterizedTest
  @MethodSource("structures")
  void everyReservedByteMustBeZero(Structure structure) {
    Bytes bytes = structure.sample.encode(new Samples(2));
    structure.reservedBytes().stream()
        .forEach(offset -> {
          byte[] changed = bytes.toArray();
          assertThat(changed[offset]).isZero();
          changed[offset] = (byte) 0x80;
          MalformedException refusal =
              catchThrowableOfType(
                  MalformedException.class, () -> structure.parser.parse(Bytes.wrap(changed)));
          assertThat(refusal).as("byte %d", offset).isNotNull();
          assertThat(refusal.offset()).isBetween(offset - 7L, (long) offset);
        });
  }

  @ParameterizedTest
  @MethodSource("structures")
  void everyByteIsEitherRefusedOrKept(Structure structure) {
    Bytes bytes = structure.sample.encode(new Samples(3));
    for (int offset = 0; offset < structure.size; offset++) {
      byte[] changed = bytes.toArray();
      changed[offset] ^= 0x01;
      try {
        Object value = structure.parser.parse(Bytes.wrap(changed));
        assertThat(encodeAgain(value)).isEqualTo(Bytes.wrap(changed));
        assertThat(structure.reservedBytes().get(offset)).isFalse();
      } catch (MalformedException refused) {
        assertThat(refused.what()).isNotEmpty();
      }
    }
  }

  @Test
  void attributesNameTheirFlags() {
    Attributes attributes = new Attributes(0x5 | Attributes.KSS | 0x8000, 3);
    assertThat(attributes.names()).containsExactly("INIT", "MODE64BIT", "KSS", "0x8000");
    assertThat(attributes.has(Attributes.DEBUG)).isFalse();
  }

  @Test
  void aReportIsAuthenticUnderItsKeyOnly() {
    ReportBody body = new Samples(5).reportBody();
    try (Secret key = Secret.random(16);
        Secret other = Secret.random(16)) {
      Report report = Report.over(body, Bytes.zeros(32), key);
      assertThat(report.isAuthentic(key)).isTrue();
      assertThat(report.isAuthentic(other)).isFalse();
      ReportBody changed =
          EnclaveIdentity.of(body).report(body.cpuSvn(), Bytes.hex("01".repeat(64)));
      assertThat(new Report(changed, report.keyId(), report.mac()).isAuthentic(key)).isFalse();
    }
  }

  @Test
  void theSourceOfAnEcreateHasNoIdentityYet() throws MalformedException {
    Secs secs = Secs.toCreate(0x4000, 1, 0, Attributes.PRODUCTION, Bytes.hex("07".repeat(64)), 5);
    assertThat(Secs.parse(secs.encode())).isEqualTo(secs);
    assertThat(secs.mrEnclave().allZero() && secs.mrSigner().allZero()).isTrue();
    byte[] misplaced = secs.encode().toArray();
    misplaced[9] = 0x10;
    assertThatThrownBy(() -> Secs.parse(Bytes.wrap(misplaced)))
        .hasMessageContaining("a multiple of the size");
  }

  @Test
  void pagesAreDescribedAsPeopleReadThem() {
    assertThat(SecInfo.regular(SecInfo.R | SecInfo.X)).hasToString("REG r-x");
    assertThat(SecInfo.regular(SecInfo.W)).hasToString("REG -w-");
    assertThat(SecInfo.TCS).hasToString("TCS ---");
    assertThat(new SecInfo(SecInfo.TYPE_SS_REST | SecInfo.R)).hasToString("SS_REST r--");
    assertThat(new SecInfo(0x900)).hasToString("type9 ---");
  }

  @Test
  void fieldsOutOfRangeAreBugs() {
    Bytes b16 = Bytes.zeros(16);
    Bytes b32 = Bytes.zeros(32);
    Attributes none = Attributes.NONE;
    bug("KEYNAME", () -> new KeyRequest(-1, 0, 0, b16, none, b32, 0, 0));
    bug("KEYPOLICY", () -> new KeyRequest(0, 0x10000, 0, b16, none, b32, 0, 0));
    bug("ISVSVN", () -> new KeyRequest(0, 0, -1, b16, none, b32, 0, 0));
    bug("CPUSVN", () -> new KeyRequest(0, 0, 0, b32, none, b32, 0, 0));
    bug("KEYID", () -> new KeyRequest(0, 0, 0, b16, none, b16, 0, 0));
    bug("CONFIGSVN", () -> new KeyRequest(0, 0, 0, b16, none, b32, 0, 0x10000));
    bug("MRENCLAVE", () -> new TargetInfo(b16, none, 0, 0, Bytes.zeros(64)));
    bug("CONFIGSVN", () -> new TargetInfo(b32, none, 0x10000, 0, Bytes.zeros(64)));
    bug("CONFIGID", () -> new TargetInfo(b32, none, 0, 0, b32));
    bug("0x10000", () -> new SecInfo(0x10000));
  }

  private static void bug(String words, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(words);
  }

  private static Bytes encodeAgain(Object value) {
    return switch (value) {
      case Attributes a -> a.encode();
      case KeyRequest k -> k.encode();
      case TargetInfo t -> t.encode();
      case ReportBody b -> b.encode();
      case Report r -> r.encode();
      case Secs s -> s.encode();
      case SecInfo s -> s.encode();
      case Tcs t -> t.encode();
      case SigStruct s -> s.encode();
      default -> throw new AssertionError(value);
    };
  }
}
