package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Footer;
import dev.reseal.sealed.Slot;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.SdkSealed;
import dev.reseal.wire.Hpke;
import java.util.List;
import java.util.Optional;

/** Sealed things whose clear parts are fixed. */
final class InspectSamples {
  static final Bytes LINEAGE = Bytes.hex("5f0c9d7be3a14f2c8f0d1f6f7a9b3c21");
  static final Bytes CPU_SVN = Bytes.hex("0b0b0202ff0100000000000000000000");

  private InspectSamples() {}

  static KeyRequest request(int policy, int isvSvn) {
    return new KeyRequest(
        KeyRequest.SEAL_KEY,
        policy,
        isvSvn,
        CPU_SVN,
        new Attributes(0xFF0000000000000BL, 0),
        Bytes.hex("42".repeat(32)),
        0xF0000000,
        0);
  }

  static SdkSealed blob(int policy, int isvSvn) {
    return new SdkSealed(
        request(policy, isvSvn), Bytes.zeros(16), Bytes.hex("01020304"), Bytes.ascii("clear"));
  }

  /** A container with both kinds of slot; its keys and rounds are not real, its frame is. */
  static Bytes container() {
    Bytes core =
        new Core(
                LINEAGE,
                7,
                Core.CHECKPOINT,
                12,
                Bytes.hex("11".repeat(32)),
                Optional.empty(),
                1,
                Bytes.hex("22".repeat(32)),
                Bytes.hex("33".repeat(32)),
                Bytes.hex("44".repeat(32)))
            .encode();
    Bytes slots =
        Slot.encode(
            List.of(
                slot(
                    Slot.AUTHORITY_AND_PLATFORM,
                    Optional.of(request(KeyRequest.POLICY_MRENCLAVE, 3).encode()),
                    Optional.of(Bytes.hex("55".repeat(16)))),
                slot(Slot.AUTHORITY, Optional.empty(), Optional.empty())));
    Footer.Round round = new Footer.Round(1, 0, Bytes.hex("66".repeat(32)));
    Bytes footer = new Footer(List.of(round), Bytes.hex("77".repeat(32)), 5, 2, 1).encode();
    Bytes before =
        Bytes.concat(
            Bytes.hex("525343310d0a1a0a"),
            Bytes.u32(core.size()),
            core,
            Bytes.u32(slots.size()),
            slots,
            Bytes.hex("52000000004c00000010" + "88".repeat(16)));
    return Bytes.concat(
        before,
        Bytes.hex("46"),
        Bytes.u32(footer.size()),
        footer,
        Bytes.u64(before.size()),
        Bytes.hex("52534331454e440a"));
  }

  private static Slot slot(int type, Optional<Bytes> request, Optional<Bytes> platCheck) {
    Slot.Header header =
        new Slot.Header(
            type,
            Bytes.hex("99".repeat(32)),
            Bytes.hex("aa".repeat(32)),
            request,
            platCheck,
            Core.CHECKPOINT,
            12);
    return new Slot(
        header,
        header.encode(),
        new Hpke.Box(Bytes.hex("bb".repeat(32)), Bytes.hex("cc".repeat(48))),
        Bytes.hex("dd".repeat(48)));
  }
}
