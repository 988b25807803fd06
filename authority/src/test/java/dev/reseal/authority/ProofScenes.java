package dev.reseal.authority;

import static dev.reseal.authority.World.answer;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.Instance;
import dev.reseal.mutation.Good;
import dev.reseal.mutation.Reader;
import dev.reseal.mutation.Scene;
import dev.reseal.proof.Finding;
import dev.reseal.proof.ProofVerifier;
import dev.reseal.quote.TrustAnchors;
import dev.reseal.sgx.MalformedException;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.LogMessage.Proof;
import dev.reseal.wire.MessageType;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A proven re-seal, and each message of its proof. A file with a wrong message in it is signed
 * again by {@code K_A}: so the message must fall by itself.
 */
final class ProofScenes {
  private final World world;
  private final SigningKey sealer;
  private final SigningKey sealerBefore;
  private final Opened earlier;
  private final Opened later;

  /** A proof in its parts. */
  private record Opened(Cbor.Map file, Bytes proof) {
    static Opened of(Bytes content) {
      Cbor.Array both = (Cbor.Array) Cbor.decode(content);
      return new Opened((Cbor.Map) Cbor.decode(bin(both.items().get(0))), bin(both.items().get(1)));
    }

    Bytes field(long number) {
      return bin(Objects.requireNonNull(file.entries().get(number)));
    }

    List<Cbor> log() {
      return ((Cbor.Array) Objects.requireNonNull(file.entries().get(8L))).items();
    }
  }

  private static Bytes bin(Cbor item) {
    return ((Cbor.Bin) item).value();
  }

  ProofScenes(World world) {
    this.world = world;
    Instance first = world.serving();
    sealerBefore = Forger.keyOf(first);
    Instance second = retired(world.sealed(first, true));
    sealer = Forger.keyOf(second);
    Bytes one = world.sealed(second, true);
    Instance third = retired(one);
    Bytes two = world.sealed(third, true);
    retired(two);
    earlier = proof(one);
    later = proof(two);
  }

  private Instance retired(Bytes opId) {
    Instance successor = world.activate(opId);
    world.checkpoint(successor);
    answer(world.retireAll());
    return successor;
  }

  private Opened proof(Bytes opId) {
    return Opened.of(answer(world.service.get("proof/" + World.LINEAGE + "/" + opId)));
  }

  /** Where in a proof a message is, and the proof's bytes with another one there. */
  private record Place(Function<Opened, Bytes> get, BiFunction<Opened, Bytes, Bytes> put) {}

  private record Verifying(ProofVerifier verifier, Opened proof, Place place) implements Reader {
    @Override
    public Verdict read(Bytes message) {
      return switch (verifier.verify(place.put().apply(proof, message))) {
        case Finding.Proven _ -> new Verdict.Taken();
        case Finding.Refused(String field, String _) -> new Verdict.Refused(field);
      };
    }

    @Override
    public String whole() {
      return "";
    }
  }

  Optional<Scene> of(MessageType type) {
    return switch (type) {
      case REQUEST -> Optional.of(field(type, 2, world.operator, world.supervisor));
      case TICKET -> Optional.of(field(type, 3, world.signer, stranger()));
      case SEAL_RECEIPT -> Optional.of(field(type, 4, sealer, sealerBefore));
      case PASSPORT -> Optional.of(field(type, 6, world.signer, stranger()));
      case RETIRED -> Optional.of(field(type, 9, world.signer, stranger()));
      case LOG_ENTRY -> Optional.of(logEntry());
      case PROOF -> Optional.of(scene(type, PROOF, world.signer, stranger()));
      case OPEN,
          CHECKPOINT,
          CHECKPOINT_ACK,
          CHALLENGE,
          GRANT_REQUEST,
          GRANT,
          READY,
          ACTIVATION,
          ABORT,
          REKEY_GRANT,
          RENEW,
          LOG_HEAD ->
          Optional.empty();
    };
  }

  /** A register has one {@code K_A} all its life; another one is that of another register. */
  private static SigningKey stranger() {
    return SigningKey.generate(Randomness.system());
  }

  private static final Place PROOF =
      new Place(
          Opened::proof,
          (of, proof) -> Cbor.array(Cbor.of(of.file().encode()), Cbor.of(proof)).encode());

  private Scene field(MessageType type, long number, SigningKey by, SigningKey former) {
    Place place =
        new Place(
            proof -> proof.field(number),
            (of, message) -> signed(of, of.file().without(number).with(number, message)));
    return scene(type, place, by, former);
  }

  private Bytes signed(Opened of, Cbor.Map file) {
    Bytes encoded = file.encode();
    Proof proof = Signed.peek(Proof.class, of.proof());
    Bytes again = Signed.sign(new Proof(proof.head(), encoded.sha256()), world.signer).cose();
    return Cbor.array(Cbor.of(encoded), Cbor.of(again)).encode();
  }

  /** The newest one: no chain goes on from it. */
  private Scene logEntry() {
    Place place =
        new Place(
            proof -> bin(proof.log().getLast()),
            (of, message) -> {
              List<Cbor> log = new ArrayList<>(of.log());
              log.set(log.size() - 1, Cbor.of(message));
              return signed(of, of.file().without(8).with(8, new Cbor.Array(log)));
            });
    return scene(MessageType.LOG_ENTRY, place, world.signer, stranger());
  }

  /** What is replayed goes into the proof of the next re-seal. */
  private Scene scene(MessageType type, Place place, SigningKey by, SigningKey former) {
    return scene(
        type,
        place,
        earlier,
        by,
        former,
        () -> scene(type, place, later, by, former, ProofScenes::over));
  }

  private Scene scene(
      MessageType type,
      Place place,
      Opened proof,
      SigningKey by,
      SigningKey former,
      Scene.Later next) {
    Good good = new Good(type, place.get().apply(proof), by, former, 1);
    return new Scene(new Verifying(verifier(), proof, place), good, next);
  }

  private static Scene over() {
    throw new AssertionError("a replay of a replay");
  }

  private ProofVerifier verifier() {
    try {
      return new ProofVerifier(
          world.signer.verifyKey(), TrustAnchors.ofPem(world.machine.rootPem()));
    } catch (MalformedException broken) {
      throw new AssertionError(broken);
    }
  }
}
