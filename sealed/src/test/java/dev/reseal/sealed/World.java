package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.Essentials.Binding;
import dev.reseal.wire.Essentials.Env;
import dev.reseal.wire.Essentials.Recovery;
import dev.reseal.wire.Hkdf;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.X25519;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** One lineage with an authority's wrap key, a transfer key and a platform that keys requests. */
final class World {
  static final Bytes LINEAGE = Bytes.hex("00112233445566778899aabbccddeeff");
  static final Bytes OP = Bytes.hex("0f0e0d0c0b0a09080706050403020100");
  static final Bytes INSTANCE = Bytes.ascii("the instance that seals").sha256();

  final Randomness randomness;
  final X25519.Pair wrap;
  final X25519.Pair transfer;
  final Secret platformSecret;
  final Essentials policy;

  World(String seed, Binding binding, Recovery recovery) {
    randomness = new FixedRandomness(seed);
    wrap = X25519.Pair.generate(randomness);
    transfer = X25519.Pair.generate(randomness);
    platformSecret = randomness.secret(32);
    policy =
        new Essentials(
            LINEAGE,
            Env.DEMO,
            binding,
            recovery,
            Optional.empty(),
            1L << 30,
            List.of("records"),
            Bytes.hex("03000000000000000000000000000000"),
            0xffff_ffffL);
  }

  /** The keys of {@code other} under another policy. */
  World(Essentials policy, World other) {
    this.policy = policy;
    randomness = other.randomness;
    wrap = other.wrap;
    transfer = other.transfer;
    platformSecret = other.platformSecret;
  }

  static World signer() {
    return new World("signer", Binding.SIGNER, Recovery.NONE);
  }

  /** A key that depends on every bit of the request. */
  PlatformKeys.Answer egetkey(Bytes request) {
    return new PlatformKeys.Answer.Key(
        Secret.own(Hkdf.hmac(platformSecret, request).slice(0, 16).toArray()));
  }

  SlotMaker.Recipients recipients(boolean transferring) {
    return new SlotMaker.Recipients(
        new HpkeInfo(LINEAGE, OP, 7),
        INSTANCE,
        wrap.publicKey(),
        transferring ? Optional.of(transfer.publicKey()) : Optional.empty(),
        policy,
        Bytes.hex("0102030405060708090a0b0c0d0e0f10"),
        3);
  }

  Sealing begin(boolean transferring) {
    Sealing.Subject subject =
        new Sealing.Subject(LINEAGE, 4, OP, 7, INSTANCE, Optional.empty(), 1, policy.digest());
    return Sealing.begin(subject, recipients(transferring), this::egetkey, randomness);
  }

  /** A finished container. */
  record Sealed(Bytes file, ContainerWriter.Body body, Secret dek) {}

  Sealed seal(List<List<StateRecord>> rounds) {
    return seal(begin(false), rounds, Workers.caller());
  }

  static Sealed seal(Sealing sealing, List<List<StateRecord>> rounds, Workers workers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ContainerWriter writer = sealing.writer(out, workers)) {
      for (List<StateRecord> round : rounds) {
        writer.beginRound();
        for (StateRecord record : round) {
          writer.write(record);
        }
        writer.endRound();
      }
      ContainerWriter.Body body = writer.finish(5, 2, 1);
      return new Sealed(Bytes.wrap(out.toByteArray()), body, sealing.dek());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  List<Optional<Secret>> shares(Bytes slots, Bytes coreDigest) {
    return Slot.decode(slots).stream()
        .map(slot -> Optional.of(SlotCheck.openShare(slot, LINEAGE, coreDigest, this::key)))
        .toList();
  }

  /** A copy, as a key store gives it. */
  Optional<X25519.Pair> key(Bytes wrapId) {
    return Stream.of(wrap, transfer)
        .filter(each -> wrapId.equals(each.publicKey().sha256()))
        .findFirst()
        .map(each -> new X25519.Pair(each.secret().copy(), each.publicKey()));
  }

  Opening.Granted granted(Sealed sealed) {
    Bytes coreDigest = sealed.body().core().sha256();
    return new Opening.Granted(
        LINEAGE,
        coreDigest,
        sealed.body().bodyId(),
        sealed.body().slots(),
        policy,
        shares(sealed.body().slots(), coreDigest));
  }

  Staging open(Bytes file, Opening.Granted granted) {
    try (Opening.Opened opened =
        Opening.open(ContainerSource.of(file), granted, this::egetkey, Workers.caller())) {
      return opened.staging();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  static StateRecord record(String store, String key, long version, String value) {
    return new StateRecord(
        store,
        Cbor.of(key).encode(Cbor.Profile.VALUES),
        version,
        Optional.of(Cbor.of(value).encode(Cbor.Profile.VALUES)));
  }

  static StateRecord big(String store, long key, long version, int size) {
    byte[] value = new byte[size];
    java.util.Arrays.fill(value, (byte) key);
    return new StateRecord(
        store,
        Cbor.of(key).encode(Cbor.Profile.VALUES),
        version,
        Optional.of(Cbor.of(Bytes.wrap(value)).encode(Cbor.Profile.VALUES)));
  }
}
