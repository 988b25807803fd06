package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Optional;

/**
 * The public part of a register row (transport T5). Nothing in it is trusted by an instance except
 * what is signed. Field order is that of the specification, in groups.
 */
public record Status(
    Bytes lineage,
    String name,
    String state,
    Operation operation,
    Optional<Active> active,
    Optional<StateHead> head,
    Policy policy,
    Bytes logHead,
    long leaseUntil,
    long waitMillis,
    Retirable retirable) {

  /** Epoch, fence and generations of the row, and the operation that set them. */
  public record Operation(
      long epoch, long fence, long gen, Optional<Long> nextGen, long kind, Bytes opId) {}

  /** The active instance. */
  public record Active(
      Bytes instanceId,
      Bytes mrenclave,
      Bytes passport,
      Optional<Bytes> platformId,
      long isvProdId,
      long isvSvn,
      long platformKind) {}

  /** The registered state. */
  public record StateHead(
      Bytes bodyId, Bytes slots, Bytes core, long genFloor, boolean sealedByActive) {}

  /**
   * What of the policy is public.
   *
   * @param digest of the essentials
   * @param file SHA-256 of the policy file
   */
  public record Policy(
      Bytes digest,
      Bytes file,
      Bytes essentials,
      Optional<Long> rpoUpdates,
      List<String> lowered,
      List<Allowed> allowed) {}

  /** One entry of the allow-list. */
  public record Allowed(Bytes mrenclave, long isvProdId, long leastIsvSvn) {}

  /** Keys that a retire could destroy now. */
  public record Retirable(List<Bytes> wrapIds, List<Long> gens) {}

  public Bytes encode() {
    return StatusCodec.write(this).encode();
  }

  public static Status decode(Bytes encoded) {
    return StatusCodec.read(Fields.ofMap(encoded, "status"));
  }
}
