package dev.reseal.sealed;

import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Essentials;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The changes that a vector lists, with the rule that must refuse each. */
final class Rsc1Refusals {
  private final World world;
  private final World.Sealed sealed;
  private final List<String> lines = new ArrayList<>();

  private Rsc1Refusals(World world, World.Sealed sealed) {
    this.world = world;
    this.sealed = sealed;
  }

  static List<String> lines(World world, World.Sealed sealed, boolean small) throws IOException {
    Rsc1Refusals made = new Rsc1Refusals(world, sealed);
    made.file();
    made.grant();
    made.slots();
    if (small) {
      made.dekHolder();
    } else {
      made.segments();
    }
    return made.lines;
  }

  private void add(String line) {
    lines.add(line);
  }

  private void file() {
    Bytes file = sealed.file();
    int core = 12;
    int slots = core + sealed.body().core().size() + 4;
    int rounds = slots + sealed.body().slots().size();
    int footer = file.size() - 16 - sealed.body().footer().size();
    add("MAGIC flip 0 01");
    add("MAGIC flip 7 80");
    add("LENGTH flip 8 80");
    add("STRUCTURE flip 11 01");
    add("STRUCTURE flip " + core + " 20");
    add("LINEAGE flip " + (core + 6) + " 01");
    add("CORE_DIGEST flip " + (slots - 5) + " 01");
    add("LENGTH flip " + (slots - 4) + " 01");
    add("STRUCTURE flip " + slots + " 01");
    add("accept flip " + (rounds - 1) + " 01");
    add("MARK flip " + rounds + " 01");
    add("MARK flip " + (rounds + 4) + " 01");
    add("MARK flip " + (rounds + 5) + " 40");
    add("LENGTH flip " + (rounds + 6) + " 80");
    add("SEGMENT flip " + (rounds + 10) + " 01");
    add("TRAILER flip " + (footer - 5) + " 01");
    add("TRAILER flip " + (footer - 1) + " 01");
    add("STRUCTURE flip " + footer + " 01");
    add("BODY_ID flip " + (footer + 20) + " 01");
    add("TRAILER flip " + (file.size() - 9) + " 01");
    add("TRAILER flip " + (file.size() - 1) + " 01");
    add("TRAILER cut 0");
    add("TRAILER cut " + (file.size() - 1));
    add("TRAILER cut " + (footer - 5));
    add("TRAILER append 00");
  }

  private void grant() {
    add("LINEAGE lineage " + Bytes.zeros(16));
    add("CORE_DIGEST core-digest " + Bytes.zeros(32));
    add("BODY_ID body-id " + Bytes.zeros(32));
    List<Slot> slots = Slot.decode(sealed.body().slots());
    StringBuilder none = new StringBuilder("NO_SLOT");
    for (int i = 0; i < slots.size(); i++) {
      none.append(" share ").append(i).append(" -");
    }
    add(none.toString());
    add("UNWRAP share 0 " + Bytes.zeros(32));
    if (slots.getFirst().header().type() == Slot.AUTHORITY_AND_PLATFORM) {
      add("PLATFORM_KEY_CHANGED plat-key " + Bytes.ascii("another platform"));
      add("SVN_DOWNGRADE plat svn");
      add("PLATFORM plat unsupported");
      add("KEYREQUEST policy " + other(Bytes.hex("ff000000000000000000000000000000")).encode());
      if (slots.size() == 2) {
        add("accept share 0 - plat unsupported");
      }
    }
  }

  private Essentials other(Bytes mask) {
    Essentials p = world.policy;
    return new Essentials(
        p.lineage(),
        p.env(),
        p.binding(),
        p.recovery(),
        p.rpoUpdates(),
        p.stateMax(),
        p.purposes(),
        mask,
        p.miscMask());
  }

  private void slots() {
    List<Slot> slots = Slot.decode(sealed.body().slots());
    Slot first = slots.getFirst();
    add(
        "UNWRAP slots "
            + with(
                slots,
                new Slot(
                    first.header(),
                    first.encodedHeader(),
                    first.share(),
                    flip(first.wrappedDek()))));
    Slot.Header header = first.header();
    Slot.Header fenced =
        new Slot.Header(
            header.type(),
            header.wrapId(),
            header.wrapper(),
            header.keyRequest(),
            header.platCheck(),
            header.opId(),
            header.fence() + 1);
    add(
        "UNWRAP slots "
            + with(slots, new Slot(fenced, fenced.encode(), first.share(), first.wrappedDek())));
    Slot.Header platform =
        new Slot.Header(
            header.type(),
            header.wrapId(),
            header.wrapper(),
            header.keyRequest().map(Rsc1Refusals::flip),
            header.platCheck(),
            header.opId(),
            header.fence());
    if (header.keyRequest().isPresent()) {
      add(
          "KEYREQUEST slots "
              + with(
                  slots, new Slot(platform, platform.encode(), first.share(), first.wrappedDek())));
    }
    add("STRUCTURE slots 80");
    add("STRUCTURE slots " + Slot.encode(List.of(first, first)));
    add("STRUCTURE slots " + arrays());
    otherDek(slots);
  }

  /** Each slot as the array of what is in its map. */
  private Bytes arrays() {
    Cbor.Array maps = (Cbor.Array) Cbor.decode(sealed.body().slots());
    return Cbor.array(
            maps.items(), slot -> new Cbor.Array(List.copyOf(((Cbor.Map) slot).entries().values())))
        .encode();
  }

  /** A slot that is right in all but holds another DEK: AES-GCM alone would not notice. */
  private void otherDek(List<Slot> slots) {
    Slot first = slots.getFirst();
    Bytes coreDigest = sealed.body().core().sha256();
    var share = world.shares(sealed.body().slots(), coreDigest).getFirst().orElseThrow();
    var plat = first.header().keyRequest().map(r -> SlotMaker.key(world::egetkey, r));
    try (var kek = SlotKeys.kek(coreDigest, first.headerDigest(), plat, share);
        var dek = dev.reseal.bytes.Secret.own(Bytes.ascii("another DEK").sha256().toArray())) {
      Bytes wrapped = SlotKeys.wrap(coreDigest, first.headerDigest(), kek, dek);
      add(
          "PK_OPEN slots "
              + with(
                  slots, new Slot(first.header(), first.encodedHeader(), first.share(), wrapped)));
    }
  }

  private static Bytes with(List<Slot> slots, Slot first) {
    List<Slot> changed = new ArrayList<>(slots);
    changed.set(0, first);
    return Slot.encode(changed);
  }

  private static Bytes flip(Bytes bytes) {
    byte[] flipped = bytes.toArray();
    flipped[0] ^= 1;
    return Bytes.wrap(flipped);
  }

  /** Other content, made with the right DEK: as a whole file, so that it needs no offsets. */
  private void dekHolder() throws IOException {
    Bytes core = sealed.body().core();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    StreamKeys keys = StreamKeys.derive(Core.decode(core).streamSalt(), sealed.dek());
    try (ContainerWriter writer =
        new ContainerWriter(out, core, sealed.body().slots(), keys, Workers.caller())) {
      writer.beginRound();
      writer.write(World.record("users", "eve", 9, "forged"));
      writer.endRound();
      writer.finish(5, 2, 1);
    }
    add("BODY_ID cut 0 append " + Bytes.wrap(out.toByteArray()));
    Footer footer = Footer.decode(sealed.body().footer());
    Bytes zero = new Footer(footer.rounds(), Bytes.zeros(32), 5, 2, 1).encode();
    Bytes unsigned =
        ContainerTest.replace(sealed.file(), sealed.file().size() - 16 - zero.size(), zero);
    Bytes bodyId = dev.reseal.wire.Digests.body(core, zero);
    add("FOOTER_MAC cut 0 append " + unsigned + " body-id " + bodyId);
  }

  private void segments() {
    int first = 12 + sealed.body().core().size() + 4 + sealed.body().slots().size() + 5;
    int size = 5 + Core.SEGMENT + 16;
    if (sealed.file().size() > first + 3 * size) {
      add("SEGMENT swap " + first + " " + (first + size) + " " + size);
      add("SEGMENT copy " + first + " " + size + " " + (first + size));
      add("SEGMENT flip " + (first + size + 1000) + " 80");
      add("SEGMENT flip " + first + " 1f");
    }
  }
}
