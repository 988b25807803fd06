package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Optional;

/**
 * The part of a policy that instances obey (protocol 23.2).
 *
 * @param rpoUpdates empty for unbounded
 * @param stateMax bytes
 * @param attributeMask 16 bytes, of the KEYREQUEST
 */
public record Essentials(
    Bytes lineage,
    Env env,
    Binding binding,
    Recovery recovery,
    Optional<Long> rpoUpdates,
    long stateMax,
    List<String> purposes,
    Bytes attributeMask,
    long miscMask) {

  public enum Env implements Numbered {
    PROD(1),
    DEMO(2);

    private final int number;

    Env(int number) {
      this.number = number;
    }

    @Override
    public int number() {
      return number;
    }
  }

  public enum Binding implements Numbered {
    ENCLAVE(1),
    SIGNER(2),
    NONE(3);

    private final int number;

    Binding(int number) {
      this.number = number;
    }

    @Override
    public int number() {
      return number;
    }
  }

  public enum Recovery implements Numbered {
    NONE(1),
    AUTHORITY(2);

    private final int number;

    Recovery(int number) {
      this.number = number;
    }

    @Override
    public int number() {
      return number;
    }
  }

  public Bytes encode() {
    return Cbor.map()
        .with(1, 1)
        .with(2, lineage)
        .with(3, env.number())
        .with(4, binding.number())
        .with(5, recovery.number())
        .with(6, Cbor.numberOrNull(rpoUpdates))
        .with(7, stateMax)
        .with(8, Cbor.array(purposes, Cbor::of))
        .with(9, Cbor.array(Cbor.of(attributeMask), Cbor.of(miscMask)))
        .encode();
  }

  public static Essentials decode(Bytes encoded) {
    Fields fields = Fields.ofMap(encoded, "policy");
    fields.uint(1, 1, 1);
    Fields masks = Fields.ofArray(fields.any(9), "policy field 9");
    Bytes attributeMask = masks.bytes(0, 16);
    long miscMask = masks.end(masks.uint(1, 0, 0xffff_ffffL));
    return fields.end(
        new Essentials(
            fields.bytes(2, 16),
            Numbered.of(Env.values(), fields.uint(3), "env"),
            Numbered.of(Binding.values(), fields.uint(4), "binding"),
            Numbered.of(Recovery.values(), fields.uint(5), "recovery"),
            fields.uintOrNull(6),
            fields.uint(7),
            fields.list(8, 1, 64, each -> each.text(0)),
            attributeMask,
            miscMask));
  }

  public Bytes digest() {
    return digest(encode());
  }

  public Essentials withPurposes(List<String> named) {
    return new Essentials(
        lineage, env, binding, recovery, rpoUpdates, stateMax, named, attributeMask, miscMask);
  }

  /** The policy digest of essentials as received. */
  public static Bytes digest(Bytes encoded) {
    return Bytes.sha256(Bytes.ascii("reseal/v1/policy"), Bytes.zeros(1), encoded);
  }
}
