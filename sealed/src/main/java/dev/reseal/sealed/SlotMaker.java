package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.Randomness;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes slots and re-opens each from its bytes before anybody signs them (protocol 5.3). */
public final class SlotMaker {
  private final PlatformKeys platform;
  private final Randomness randomness;

  public SlotMaker(PlatformKeys platform, Randomness randomness) {
    this.platform = platform;
    this.randomness = randomness;
  }

  /**
   * For whom and as whom slots are made.
   *
   * @param operation lineage, op_id and fence used in the HPKE info
   * @param wrapper instance_id of the maker
   * @param wrapKey {@code PK_w}
   * @param transferKey {@code PK_x} of a transfer operation
   * @param cpuSvn 16 bytes, current
   */
  public record Recipients(
      HpkeInfo operation,
      Bytes wrapper,
      Bytes wrapKey,
      Optional<Bytes> transferKey,
      Essentials policy,
      Bytes cpuSvn,
      int isvSvn) {}

  /** The encoded slots that the policy asks for; random bytes: per slot KEYID, S_auth, HPKE key. */
  public Bytes make(Recipients to, Core core, Bytes coreDigest, Secret dek) {
    List<Slot> slots = new ArrayList<>();
    List<Secret> shares = new ArrayList<>();
    try {
      switch (to.policy().binding()) {
        case ENCLAVE, SIGNER ->
            slots.add(slot(to, coreDigest, dek, to.wrapKey(), Optional.of(request(to)), shares));
        case NONE -> {}
      }
      switch (to.policy().recovery()) {
        case AUTHORITY ->
            slots.add(slot(to, coreDigest, dek, to.wrapKey(), Optional.empty(), shares));
        case NONE ->
            to.transferKey()
                .ifPresent(
                    key -> slots.add(slot(to, coreDigest, dek, key, Optional.empty(), shares)));
      }
      Bytes encoded = Slot.encode(slots);
      reopen(to, core, coreDigest, encoded, shares);
      return encoded;
    } finally {
      shares.forEach(Secret::close);
    }
  }

  /** Checked slots: each is opened again from its bytes. */
  private void reopen(
      Recipients to, Core core, Bytes coreDigest, Bytes encoded, List<Secret> shares) {
    SlotOpener opener = new SlotOpener(platform);
    List<Slot> slots = Slot.decode(encoded);
    for (int i = 0; i < slots.size(); i++) {
      opener
          .open(
              core,
              coreDigest,
              List.of(slots.get(i)),
              List.of(Optional.of(shares.get(i))),
              to.policy())
          .close();
    }
  }

  private Slot slot(
      Recipients to,
      Bytes coreDigest,
      Secret dek,
      Bytes recipient,
      Optional<Bytes> request,
      List<Secret> shares) {
    Optional<Secret> sPlat = request.map(each -> key(platform, each));
    try {
      Slot.Header header =
          new Slot.Header(
              request.isPresent() ? Slot.AUTHORITY_AND_PLATFORM : Slot.AUTHORITY,
              recipient.sha256(),
              to.wrapper(),
              request,
              sPlat.map(half -> SlotKeys.platCheck(half, request.orElseThrow())),
              to.operation().opId(),
              to.operation().fence());
      Bytes encoded = header.encode();
      Bytes digest = encoded.sha256();
      Secret sAuth = randomness.secret(32);
      shares.add(sAuth);
      Bytes info = to.operation().share(header.wrapId(), coreDigest, digest);
      Hpke.Box share = Hpke.seal(recipient, info, sAuth, randomness);
      try (Secret kek = SlotKeys.kek(coreDigest, digest, sPlat, sAuth)) {
        return new Slot(header, encoded, share, SlotKeys.wrap(coreDigest, digest, kek, dek));
      }
    } finally {
      sPlat.ifPresent(Secret::close);
    }
  }

  private Bytes request(Recipients to) {
    return new KeyRequest(
            KeyRequest.SEAL_KEY,
            SlotCheck.keyPolicy(to.policy().binding()),
            to.isvSvn(),
            to.cpuSvn(),
            mask(to.policy()),
            randomness.bytes(32),
            (int) to.policy().miscMask(),
            0)
        .encode();
  }

  private static Attributes mask(Essentials policy) {
    try {
      return Attributes.parse(policy.attributeMask());
    } catch (MalformedException refused) {
      throw new ContainerException(Rule.POLICY, "the policy's attribute mask: " + refused);
    }
  }

  static Secret key(PlatformKeys platform, Bytes request) {
    return switch (platform.egetkey(request)) {
      case PlatformKeys.Answer.Key(Secret key) -> key;
      case PlatformKeys.Answer.Unsupported() ->
          throw new ContainerException(
              Rule.PLATFORM,
              "this runtime answers no explicit KEYREQUEST: use recovery: authority");
      case PlatformKeys.Answer.SvnAbove() ->
          throw new ContainerException(
              Rule.SVN_DOWNGRADE, "the KEYREQUEST names a higher SVN than this platform has");
      case PlatformKeys.Answer.Refused(String detail) ->
          throw new ContainerException(Rule.PLATFORM, "EGETKEY refused: " + detail);
    };
  }
}
