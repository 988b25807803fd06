package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Optional;

/**
 * What an operator asks for (protocol 6.1). Its encoding is what approvals sign.
 *
 * @param head equal to the head of the request
 * @param rotate whether a new key generation is wanted
 */
public record Ask(
    Head head, Kind kind, Optional<Mode> mode, List<Target> targets, boolean rotate, Extra extra) {

  /** Field 9. */
  public sealed interface Extra {
    record None() implements Extra {}

    /**
     * The bytes of a policy file, for kind policy.
     *
     * @param replaces SHA-256 of the file that it takes the place of; empty where a lineage is born
     */
    record PolicyFile(Bytes content, Optional<Bytes> replaces) implements Extra {}

    /** The keys to destroy, for kind retire. */
    record Keys(List<Bytes> wrapIds, List<Long> gens) implements Extra {}
  }

  public static final Extra NOTHING = new Extra.None();

  public Bytes encode() {
    return Cbor.map()
        .with(1, head.lineage())
        .with(2, head.opId())
        .with(3, head.fence())
        .with(4, head.epoch())
        .with(5, kind.number())
        .with(6, Cbor.numberOrNull(mode.map(m -> (long) m.number())))
        .with(7, Cbor.array(targets, Target::write))
        .with(8, rotate)
        .with(
            9,
            switch (extra) {
              case Extra.None() -> Cbor.nil();
              case Extra.PolicyFile(Bytes content, var replaces) ->
                  Cbor.array(Cbor.of(content), Cbor.orNull(replaces));
              case Extra.Keys(var wrapIds, var gens) ->
                  Cbor.array(Cbor.array(wrapIds, Cbor::of), Cbor.array(gens, Cbor::of));
            })
        .encode();
  }

  /** The 32 bytes that an approval (COSE type "approval") carries. */
  public Bytes digest() {
    return encode().sha256();
  }

  public static Ask decode(Bytes encoded) {
    Fields fields = Fields.ofMap(encoded, "ask");
    Head head = new Head(fields.bytes(1, 16), fields.bytes(2, 16), fields.uint(3), fields.uint(4));
    Kind kind = Kind.of(fields.uint(5));
    return fields.end(
        new Ask(
            head,
            kind,
            fields.uintOrNull(6).map(Mode::of),
            fields.list(7, 0, Limits.LIST, each -> Target.read(each.any(0))),
            fields.bool(8),
            extra(kind, fields)));
  }

  private static Extra extra(Kind kind, Fields fields) {
    return switch (kind) {
      case POLICY -> {
        Fields file = Fields.ofArray(fields.any(9), "ask field 9");
        yield file.end(new Extra.PolicyFile(file.blob(0, Limits.MESSAGE), file.bytesOrNull(1, 32)));
      }
      case RETIRE -> {
        Fields keys = Fields.ofArray(fields.any(9), "ask field 9");
        yield keys.end(
            new Extra.Keys(
                keys.listOfBytes(0, 0, Limits.LIST, 32), keys.listOfNumbers(1, 0, Limits.LIST)));
      }
      case GENESIS, RESEAL, UPGRADE, MIGRATE, TAKEOVER, RECOVER, REKEY, ABORT, CLOSE -> {
        if (!(fields.any(9) instanceof Cbor.Null)) {
          throw new WireException(
              WireException.Rule.FIELD, "ask field 9 is not null for " + kind.wireName());
        }
        yield NOTHING;
      }
    };
  }
}
