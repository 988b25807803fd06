package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.time.Instant;
import java.util.List;

/**
 * What a genuine quoting enclave looks like (PCS API, enclave identity version 1 or 2).
 *
 * @param id QE for SGX, TD_QE for TDX; version 1 knows only the former and does not say so
 * @param attributes 16 bytes in memory order, compared under {@code attributesMask}
 * @param levels highest first
 */
record QeIdentity(
    String id,
    Instant issueDate,
    Instant nextUpdate,
    int evaluationNumber,
    int miscSelect,
    int miscSelectMask,
    Bytes attributes,
    Bytes attributesMask,
    Bytes mrSigner,
    int isvProdId,
    List<SvnLevel> levels) {

  QeIdentity {
    levels = List.copyOf(levels);
  }

  static QeIdentity read(Json.Obj in) throws MalformedException {
    int version = in.number("version", 1000);
    if (version != 1 && version != 2) {
      throw new MalformedException(
          "QE identity", in.from(), "version " + version, "version 1 or 2");
    }
    Instant issued = SignedJson.instant(in, "issueDate");
    return new QeIdentity(
        version == 1 ? Tee.SGX.identityId() : in.text("id"),
        issued,
        SignedJson.instant(in, "nextUpdate"),
        version == 1 ? 0 : in.number("tcbEvaluationDataNumber", Integer.MAX_VALUE),
        u32(in, "miscselect"),
        u32(in, "miscselectMask"),
        in.hex("attributes", 16),
        in.hex("attributesMask", 16),
        in.hex("mrsigner", 32),
        in.number("isvprodid", 0xffff),
        version == 1 ? levels1(in, issued) : SvnLevel.readAll(in));
  }

  /** Version 1 states one security version, below which the enclave is out of date. */
  private static List<SvnLevel> levels1(Json.Obj in, Instant issued) throws MalformedException {
    SvnLevel good =
        new SvnLevel(in.number("isvsvn", 0xffff), issued, TcbStatus.UP_TO_DATE.word(), List.of());
    return List.of(good, new SvnLevel(0, issued, TcbStatus.OUT_OF_DATE.word(), List.of()));
  }

  /** Eight hex digits of a number, highest first. */
  private static int u32(Json.Obj in, String name) throws MalformedException {
    return in.hex(name, 4).buffer().getInt();
  }
}
