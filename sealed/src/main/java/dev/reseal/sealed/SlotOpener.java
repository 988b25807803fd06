package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.wire.Essentials;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/** Opens slots from their bytes (protocol 5.6, steps 5 and 6). */
public final class SlotOpener {
  private final PlatformKeys platform;

  public SlotOpener(PlatformKeys platform) {
    this.platform = platform;
  }

  /**
   * The stream keys of the first slot that has a share. A slot without one is passed over; a slot
   * that fails ends the attempt, as its refusal says more than the next slot's success would.
   *
   * @param shares one per slot, as in the grant
   */
  public StreamKeys open(
      Core core,
      Bytes coreDigest,
      List<Slot> slots,
      List<Optional<Secret>> shares,
      Essentials policy) {
    try (Secret dek = openDek(core, coreDigest, slots, shares, policy)) {
      return StreamKeys.derive(core.streamSalt(), dek);
    }
  }

  /** As {@link #open}, for a holder that will wrap the DEK again. */
  public Secret openDek(
      Core core,
      Bytes coreDigest,
      List<Slot> slots,
      List<Optional<Secret>> shares,
      Essentials policy) {
    if (shares.size() != slots.size()) {
      throw new ContainerException(
          Rule.NO_SLOT, shares.size() + " shares for " + slots.size() + " slots");
    }
    for (int i = 0; i < slots.size(); i++) {
      Optional<Secret> share = shares.get(i);
      if (share.isPresent()) {
        return dek(core, coreDigest, slots.get(i), share.get(), policy);
      }
    }
    throw new ContainerException(Rule.NO_SLOT, "no slot has an authority half");
  }

  private Secret dek(Core core, Bytes coreDigest, Slot slot, Secret sAuth, Essentials policy) {
    SlotCheck.keyRequest(slot.header(), policy)
        .ifPresent(refused -> {
          throw refused;
        });
    Optional<Secret> sPlat =
        slot.header().type() == Slot.AUTHORITY_AND_PLATFORM
            ? Optional.of(platformHalf(slot.header()))
            : Optional.empty();
    try (Secret kek = SlotKeys.kek(coreDigest, slot.headerDigest(), sPlat, sAuth)) {
      Secret dek = SlotKeys.unwrap(coreDigest, slot.headerDigest(), kek, slot.wrappedDek());
      commitment(core, dek);
      return dek;
    } finally {
      sPlat.ifPresent(Secret::close);
    }
  }

  /** AES-GCM is not key-committing: the DEK must reproduce the core's pk_open. */
  private static void commitment(Core core, Secret dek) {
    try (StreamKeys keys = StreamKeys.derive(core.streamSalt(), dek)) {
      if (!MessageDigest.isEqual(keys.pkOpen().toArray(), core.pkOpen().toArray())) {
        dek.close();
        throw new ContainerException(Rule.PK_OPEN, "the slot holds another DEK than the core's");
      }
    }
  }

  /** Whether this platform has the platform half of the slot, asked without the authority. */
  public boolean platCheck(Slot slot) {
    if (slot.header().type() == Slot.AUTHORITY) {
      return true;
    }
    if (slot.header().keyRequest().isEmpty() || slot.header().platCheck().isEmpty()) {
      return false;
    }
    Bytes request = slot.header().keyRequest().get();
    Bytes expected = slot.header().platCheck().get();
    return switch (platform.egetkey(request)) {
      case PlatformKeys.Answer.Key(Secret half) -> {
        try (half) {
          yield SlotKeys.platCheck(half, request).equals(expected);
        }
      }
      case PlatformKeys.Answer.Unsupported _,
          PlatformKeys.Answer.SvnAbove _,
          PlatformKeys.Answer.Refused _ ->
          false;
    };
  }

  private Secret platformHalf(Slot.Header header) {
    Bytes request =
        header
            .keyRequest()
            .orElseThrow(() ->
                new ContainerException(
                    Rule.KEYREQUEST, "the slot was made for a runtime's built-in seal key"));
    Secret half = SlotMaker.key(platform, request);
    Bytes expected =
        header
            .platCheck()
            .orElseThrow(
                () -> new ContainerException(Rule.KEYREQUEST, "a KEYREQUEST without plat_check"));
    if (!MessageDigest.isEqual(SlotKeys.platCheck(half, request).toArray(), expected.toArray())) {
      half.close();
      throw new ContainerException(
          Rule.PLATFORM_KEY_CHANGED, "EGETKEY gives another key than when this slot was made");
    }
    return half;
  }
}
