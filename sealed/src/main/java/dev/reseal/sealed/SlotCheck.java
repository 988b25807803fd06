package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.WireException;
import dev.reseal.wire.X25519;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What can be known of slots without the DEK: SlotsOK of protocol 7, and the rules of 5.3. */
public final class SlotCheck {
  private SlotCheck() {}

  /** The verdict over a set of slots. */
  public sealed interface Verdict {
    /** One opened {@code S_auth} per slot, owned by the caller. */
    record Ok(List<Secret> shares) implements Verdict {}

    record Refused(ContainerException why) implements Verdict {}
  }

  /**
   * SlotsOK: shape, KEYREQUEST and every share.
   *
   * @param wrapper instance_id of who must have made them
   * @param wrapId of the key that shares must be encrypted to
   * @param transferId of {@code PK_x} in a transfer operation
   * @param keys private key by wrap_id, each closed after its use
   */
  public static Verdict slotsOk(
      Bytes encoded,
      Bytes lineage,
      Bytes coreDigest,
      Bytes wrapper,
      Essentials policy,
      Bytes wrapId,
      Optional<Bytes> transferId,
      Function<Bytes, Optional<X25519.Pair>> keys) {
    List<Secret> shares = new ArrayList<>();
    try {
      List<Slot> slots = Slot.decode(encoded);
      shape(slots, policy, wrapId, transferId);
      for (Slot slot : slots) {
        if (!slot.header().wrapper().equals(wrapper)) {
          throw new ContainerException(Rule.SHARE, "the slot names another maker");
        }
        shares.add(openShare(slot, lineage, coreDigest, keys));
      }
      return new Verdict.Ok(List.copyOf(shares));
    } catch (ContainerException refused) {
      shares.forEach(Secret::close);
      return new Verdict.Refused(refused);
    }
  }

  private static void shape(
      List<Slot> slots, Essentials policy, Bytes wrapId, Optional<Bytes> transferId) {
    boolean bound = policy.binding() != Essentials.Binding.NONE;
    boolean recoverable = policy.recovery() == Essentials.Recovery.AUTHORITY;
    for (Slot slot : slots) {
      Slot.Header header = slot.header();
      boolean transfer = header.type() == Slot.AUTHORITY && !recoverable;
      if (transfer && transferId.isEmpty()) {
        throw new ContainerException(Rule.POLICY, "an authority slot under recovery: none");
      }
      if (header.type() == Slot.AUTHORITY_AND_PLATFORM && !bound) {
        throw new ContainerException(Rule.POLICY, "a platform slot under binding: none");
      }
      Bytes expected = transfer ? transferId.orElseThrow() : wrapId;
      if (!header.wrapId().equals(expected)) {
        throw new ContainerException(
            Rule.POLICY, "a slot wraps to " + header.wrapId() + ", not to " + expected);
      }
      keyRequest(header, policy)
          .ifPresent(refused -> {
            throw refused;
          });
    }
    boolean platform =
        slots.stream().anyMatch(each -> each.header().type() == Slot.AUTHORITY_AND_PLATFORM);
    boolean authority = slots.stream().anyMatch(each -> each.header().type() == Slot.AUTHORITY);
    if ((bound && !platform) || (recoverable && !authority)) {
      throw new ContainerException(Rule.POLICY, "a slot that the policy asks for is missing");
    }
  }

  /** The KEYREQUEST rules of protocol 5.3; empty when they hold. */
  static Optional<ContainerException> keyRequest(Slot.Header header, Essentials policy) {
    if (header.type() == Slot.AUTHORITY) {
      return header.keyRequest().isEmpty() && header.platCheck().isEmpty()
          ? Optional.empty()
          : refused("an authority slot with a KEYREQUEST");
    }
    if (policy.binding() == Essentials.Binding.NONE) {
      return refused("a platform slot under binding: none");
    }
    if (header.keyRequest().isPresent() != header.platCheck().isPresent()) {
      return refused("KEYREQUEST and plat_check must be present together");
    }
    if (header.keyRequest().isEmpty()) {
      return policy.recovery() == Essentials.Recovery.AUTHORITY
          ? Optional.empty()
          : refused("a built-in seal key without recovery: authority");
    }
    return explicit(header.keyRequest().get(), policy);
  }

  private static Optional<ContainerException> explicit(Bytes encoded, Essentials policy) {
    try {
      KeyRequest request = KeyRequest.parse(encoded);
      Attributes mask = Attributes.parse(policy.attributeMask());
      if (request.keyName() != KeyRequest.SEAL_KEY) {
        return refused("KEYNAME " + request.keyName() + ", not 4");
      }
      if (request.keyPolicy() != keyPolicy(policy.binding())) {
        return refused("KEYPOLICY " + request.keyPolicy() + " is not the binding of the policy");
      }
      if (!request.attributeMask().equals(mask)
          || Integer.toUnsignedLong(request.miscMask()) != policy.miscMask()) {
        return refused("attribute or misc mask is not that of the policy");
      }
      if (!mask.has(Attributes.INIT | Attributes.DEBUG)) {
        return refused("the attribute mask leaves out INIT or DEBUG");
      }
      if (request.configSvn() != 0) {
        return refused("CONFIGSVN " + request.configSvn() + ", not 0");
      }
      return Optional.empty();
    } catch (MalformedException malformed) {
      return refused("KEYREQUEST: " + malformed.getMessage());
    }
  }

  static int keyPolicy(Essentials.Binding binding) {
    return switch (binding) {
      case ENCLAVE -> KeyRequest.POLICY_MRENCLAVE;
      case SIGNER -> KeyRequest.POLICY_MRSIGNER;
      case NONE -> throw new IllegalArgumentException("binding: none has no KEYREQUEST");
    };
  }

  /** The authority half of a slot; the pair that {@code keys} gives is closed. */
  public static Secret openShare(
      Slot slot, Bytes lineage, Bytes coreDigest, Function<Bytes, Optional<X25519.Pair>> keys) {
    try (X25519.Pair pair =
        keys.apply(slot.header().wrapId())
            .orElseThrow(() ->
                new ContainerException(
                    Rule.SHARE, "no key for wrap_id " + slot.header().wrapId()))) {
      Secret share = Hpke.open(pair, slot.shareInfo(lineage, coreDigest), slot.share());
      if (share.size() != 32) {
        share.close();
        throw new ContainerException(Rule.SHARE, "a share that is not 32 bytes");
      }
      return share;
    } catch (WireException refused) {
      throw new ContainerException(Rule.SHARE, refused.detail());
    }
  }

  private static Optional<ContainerException> refused(String detail) {
    return Optional.of(new ContainerException(Rule.KEYREQUEST, detail));
  }
}
