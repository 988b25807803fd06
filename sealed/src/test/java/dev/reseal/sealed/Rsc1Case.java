package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Essentials;
import dev.reseal.wire.X25519;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The inputs of one opening in a vector, changed by operations. */
final class Rsc1Case {
  Bytes file;
  Bytes slots;
  Bytes lineage;
  Bytes coreDigest;
  Bytes bodyId;
  Essentials policy;
  PlatformKeys platform;
  List<Optional<Bytes>> shares = new ArrayList<>();

  private final Bytes goodSlots;

  Rsc1Case(VectorFile vector, Bytes file) {
    this.file = file;
    slots = Bytes.hex(vector.one("slots"));
    goodSlots = slots;
    lineage = Bytes.hex(vector.one("lineage"));
    coreDigest = Bytes.hex(vector.one("core")).sha256();
    bodyId = Bytes.hex(vector.one("body-id"));
    policy = Essentials.decode(Bytes.hex(vector.one("policy")));
    platform = answering(Bytes.hex(vector.one("plat-key")));
    Supplier<Stream<X25519.Pair>> pairs =
        () ->
            Stream.of("wrap-key", "transfer-key")
                .map(name -> X25519.Pair.of(Secret.own(Bytes.hex(vector.one(name)).toArray())));
    for (Slot slot : Slot.decode(slots)) {
      Secret share =
          SlotCheck.openShare(
              slot,
              lineage,
              coreDigest,
              id -> pairs.get().filter(p -> p.publicKey().sha256().equals(id)).findFirst());
      shares.add(Optional.of(share.use(Bytes::of)));
    }
  }

  private PlatformKeys answering(Bytes key) {
    return request ->
        Slot.decode(goodSlots).stream()
                .anyMatch(slot -> slot.header().keyRequest().equals(Optional.of(request)))
            ? new PlatformKeys.Answer.Key(Secret.own(key.toArray()))
            : new PlatformKeys.Answer.Refused("not the request of this vector");
  }

  Staging open() throws IOException {
    Opening.Granted granted =
        new Opening.Granted(
            lineage,
            coreDigest,
            bodyId,
            slots,
            policy,
            shares.stream().map(each -> each.map(b -> Secret.own(b.toArray()))).toList());
    try (Opening.Opened opened =
        Opening.open(ContainerSource.of(file), granted, platform, Workers.caller())) {
      return opened.staging();
    }
  }

  /** Applies the operations behind the rule of a "refuse" line. */
  void apply(List<String> words) {
    int at = 0;
    while (at < words.size()) {
      String operation = words.get(at++);
      switch (operation) {
        case "flip" -> flip(number(words, at++), Integer.parseInt(words.get(at++), 16));
        case "cut" -> file = file.slice(0, number(words, at++));
        case "append" -> file = Bytes.concat(file, Bytes.hex(words.get(at++)));
        case "swap" -> swap(number(words, at++), number(words, at++), number(words, at++));
        case "copy" -> {
          Bytes range = file.slice(number(words, at++), number(words, at++));
          file = ContainerTest.replace(file, number(words, at++), range);
        }
        case "slots" -> slots = Bytes.hex(words.get(at++));
        case "lineage" -> lineage = Bytes.hex(words.get(at++));
        case "core-digest" -> coreDigest = Bytes.hex(words.get(at++));
        case "body-id" -> bodyId = Bytes.hex(words.get(at++));
        case "policy" -> policy = Essentials.decode(Bytes.hex(words.get(at++)));
        case "plat-key" -> platform = answering(Bytes.hex(words.get(at++)));
        case "plat" -> platform = plat(words.get(at++));
        case "share" -> {
          int index = number(words, at++);
          String half = words.get(at++);
          shares.set(index, half.equals("-") ? Optional.empty() : Optional.of(Bytes.hex(half)));
        }
        default -> throw new AssertionError("unknown operation \"" + operation + "\"");
      }
    }
  }

  private static PlatformKeys plat(String answer) {
    return switch (answer) {
      case "svn" -> _ -> new PlatformKeys.Answer.SvnAbove();
      case "unsupported" -> _ -> new PlatformKeys.Answer.Unsupported();
      default -> throw new AssertionError("unknown platform answer \"" + answer + "\"");
    };
  }

  private static int number(List<String> words, int at) {
    return Integer.parseInt(words.get(at));
  }

  private void flip(int offset, int mask) {
    byte[] flipped = file.toArray();
    flipped[offset] ^= (byte) mask;
    file = Bytes.wrap(flipped);
  }

  private void swap(int a, int b, int size) {
    Bytes first = file.slice(a, size);
    file = ContainerTest.replace(file, a, file.slice(b, size));
    file = ContainerTest.replace(file, b, first);
  }

  /** The records of a vector by round, in the order written. */
  static SortedMap<Integer, List<StateRecord>> records(VectorFile vector) {
    SortedMap<Integer, List<StateRecord>> rounds = new TreeMap<>();
    for (String line : vector.all("empty")) {
      rounds.computeIfAbsent(Integer.valueOf(line), _ -> new ArrayList<>());
    }
    for (String line : vector.all("record")) {
      String[] w = line.split(" ");
      Optional<Bytes> value = w[4].equals("-") ? Optional.empty() : Optional.of(Bytes.hex(w[4]));
      rounds
          .computeIfAbsent(Integer.valueOf(w[0]), _ -> new ArrayList<>())
          .add(new StateRecord(w[1], Bytes.hex(w[2]), Long.parseLong(w[3]), value));
    }
    for (String line : vector.all("repeat")) {
      String[] w = line.split(" ");
      for (long i = 0; i < Long.parseLong(w[2]); i++) {
        rounds
            .computeIfAbsent(Integer.valueOf(w[0]), _ -> new ArrayList<>())
            .add(World.big(w[1], i, i + 1, Integer.parseInt(w[3])));
      }
    }
    return rounds;
  }

  /** The file that a writer makes of a vector's parts. */
  static Bytes written(VectorFile vector) throws IOException {
    Bytes core = Bytes.hex(vector.one("core"));
    Footer footer = Footer.decode(Bytes.hex(vector.one("footer")));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Secret dek = Secret.own(Bytes.hex(vector.one("dek")).toArray());
        ContainerWriter writer =
            new ContainerWriter(
                out,
                core,
                Bytes.hex(vector.one("slots")),
                StreamKeys.derive(Core.decode(core).streamSalt(), dek),
                Workers.caller())) {
      for (List<StateRecord> round : records(vector).values()) {
        writer.beginRound();
        for (StateRecord record : round) {
          writer.write(record);
        }
        writer.endRound();
      }
      writer.finish(footer.seq(), footer.gen(), footer.genFloor());
    }
    return Bytes.wrap(out.toByteArray());
  }

  /** How a record looks in a vector. */
  static String line(int round, StateRecord record) {
    return "record: %d %s %s %d %s"
        .formatted(
            round,
            record.store(),
            record.key(),
            record.version(),
            record.value().map(Bytes::toHex).orElse("-"));
  }

  static Bytes key(Cbor key) {
    return key.encode(Cbor.Profile.VALUES);
  }
}
