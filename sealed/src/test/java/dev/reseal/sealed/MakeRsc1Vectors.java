package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Essentials.Binding;
import dev.reseal.wire.Essentials.Recovery;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes spec/vectors/rsc1 from fixed seeds: run by hand after a change of the format. */
final class MakeRsc1Vectors {
  private MakeRsc1Vectors() {}

  private record Plan(
      String name,
      String title,
      World world,
      boolean transferring,
      List<List<StateRecord>> rounds,
      List<String> repeats) {}

  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[0]);
    List<List<StateRecord>> small = small();
    for (Plan plan :
        List.of(
            new Plan(
                "signer",
                "platform half by signer, two rounds",
                new World("vector signer", Binding.SIGNER, Recovery.NONE),
                false,
                small,
                List.of()),
            new Plan(
                "enclave",
                "platform half by enclave",
                new World("vector enclave", Binding.ENCLAVE, Recovery.NONE),
                false,
                small,
                List.of()),
            new Plan(
                "authority",
                "an authority slot beside the platform slot",
                new World("vector authority", Binding.SIGNER, Recovery.AUTHORITY),
                false,
                small,
                List.of()),
            new Plan(
                "none",
                "no platform half: emulated platforms only",
                new World("vector none", Binding.NONE, Recovery.AUTHORITY),
                false,
                small,
                List.of()),
            new Plan(
                "transfer",
                "a transfer slot to PK_x",
                new World("vector transfer", Binding.ENCLAVE, Recovery.NONE),
                true,
                small,
                List.of()),
            new Plan(
                "empty",
                "a state without records: one empty segment",
                new World("vector empty", Binding.SIGNER, Recovery.NONE),
                false,
                List.of(List.of()),
                List.of()),
            new Plan(
                "segments",
                "records over several segments and rounds; file by digest",
                new World("vector segments", Binding.SIGNER, Recovery.NONE),
                false,
                List.of(),
                List.of("0 blobs 5 700000", "1 larger 2 1048576", "2 numbers 300 1")),
            new Plan(
                "exact",
                "a round that fills its segment to the last byte; file by digest",
                new World("vector exact", Binding.SIGNER, Recovery.NONE),
                false,
                List.of(),
                List.of("0 b 1 " + (Core.SEGMENT - 20))))) {
      Files.writeString(directory.resolve(plan.name() + ".vec"), text(plan));
    }
  }

  private static List<List<StateRecord>> small() {
    StateRecord tombstone =
        new StateRecord("users", Rsc1Case.key(Cbor.of("bob")), 5, Optional.empty());
    return List.of(
        List.of(
            World.record("users", "ada", 1, "one"),
            World.record("users", "bob", 2, "two"),
            new StateRecord(
                "reseal/schema",
                Rsc1Case.key(Cbor.of("users")),
                3,
                Optional.of(Rsc1Case.key(Cbor.of(1)))),
            new StateRecord(
                "blobs",
                Rsc1Case.key(Cbor.of(Bytes.hex("00ff"))),
                6,
                Optional.of(Rsc1Case.key(new Cbor.Real(1.5)))),
            new StateRecord(
                "blobs",
                Rsc1Case.key(Cbor.of(-7)),
                7,
                Optional.of(Rsc1Case.key(Cbor.array(Cbor.nil(), Cbor.of(true))))),
            World.record("users", "ada", 1, "one")),
        List.of(World.record("users", "ada", 4, "three"), tombstone));
  }

  private static String text(Plan plan) throws IOException {
    World world = plan.world();
    Sealing sealing = world.begin(plan.transferring());
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);
    List<List<StateRecord>> rounds = new ArrayList<>(plan.rounds());
    for (String repeat : plan.repeats()) {
      String[] w = repeat.split(" ");
      List<StateRecord> round = new ArrayList<>();
      for (long i = 0; i < Long.parseLong(w[2]); i++) {
        round.add(World.big(w[1], i, i + 1, Integer.parseInt(w[3])));
      }
      rounds.add(round);
    }
    World.Sealed sealed = World.seal(sealing, rounds, Workers.caller());
    ContainerWriter.Body body = sealed.body();
    out.println("title: " + plan.title());
    out.println("lineage: " + World.LINEAGE);
    out.println("policy: " + world.policy.encode());
    out.println("plat-key: " + platKey(world, body.slots()));
    out.println("wrap-key: " + world.wrap.secret().use(Bytes::of));
    out.println("transfer-key: " + world.transfer.secret().use(Bytes::of));
    out.println("dek: " + sealed.dek().use(Bytes::of));
    out.println("core: " + body.core());
    out.println("slots: " + body.slots());
    out.println("footer: " + body.footer());
    out.println("body-id: " + body.bodyId());
    out.println("slot-digest: " + body.slotDigest());
    out.println("head: " + body.head());
    for (int round = 0; round < plan.rounds().size(); round++) {
      if (plan.rounds().get(round).isEmpty()) {
        out.println("empty: " + round);
      }
      for (StateRecord record : plan.rounds().get(round)) {
        out.println(Rsc1Case.line(round, record));
      }
    }
    plan.repeats().forEach(repeat -> out.println("repeat: " + repeat));
    boolean short_ = plan.repeats().isEmpty();
    out.println("container: " + (short_ ? sealed.file() : "sha256 " + sealed.file().sha256()));
    Rsc1Refusals.lines(world, sealed, short_).forEach(line -> out.println("refuse: " + line));
    return text.toString(StandardCharsets.UTF_8);
  }

  private static Bytes platKey(World world, Bytes slots) {
    return Slot.decode(slots)
        .getFirst()
        .header()
        .keyRequest()
        .map(request ->
            world.egetkey(request) instanceof PlatformKeys.Answer.Key key
                ? key.key().use(Bytes::of)
                : Bytes.zeros(16))
        .orElse(Bytes.zeros(16));
  }
}
