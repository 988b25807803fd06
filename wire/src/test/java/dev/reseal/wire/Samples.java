package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import java.util.List;
import java.util.Optional;

/** One well-formed message of every type, with recognisable field values. */
final class Samples {
  static final SigningKey KEY = SigningKey.generate(new FixedRandomness("samples"));
  static final Head HEAD = new Head(fill(16, 1), fill(16, 2), 7, 3);

  private Samples() {}

  static Bytes fill(int size, int value) {
    byte[] content = new byte[size];
    java.util.Arrays.fill(content, (byte) value);
    return Bytes.wrap(content);
  }

  static Target target() {
    return new Target(fill(32, 9), 1, 2, 2, Optional.of(fill(32, 8)));
  }

  static Claims claims() {
    return new Claims(
        HEAD.lineage(), HEAD.opId(), 7, fill(32, 5), KEY.verifyKey(), fill(32, 6), KEY.verifyKey());
  }

  static Passport passport() {
    return new Passport(
        HEAD,
        fill(32, 10),
        KEY.verifyKey(),
        fill(32, 11),
        4,
        fill(32, 12),
        fill(32, 13),
        2,
        1_000,
        121_000,
        Passport.FLAG_TAKEOVER | Passport.FLAG_DEMO_POLICY,
        fill(200, 14),
        Optional.empty());
  }

  static Essentials essentials() {
    return new Essentials(
        HEAD.lineage(),
        Essentials.Env.DEMO,
        Essentials.Binding.SIGNER,
        Essentials.Recovery.NONE,
        Optional.of(100L),
        1 << 30,
        List.of("records"),
        fill(16, 3),
        0);
  }

  static Hpke.Box box(int size) {
    return new Hpke.Box(fill(32, 20), fill(size, 21));
  }

  static List<Message> all() {
    Ask ask =
        new Ask(
            HEAD, Kind.RESEAL, Optional.of(Mode.SEQUENTIAL), List.of(target()), true, Ask.NOTHING);
    Bytes id = fill(32, 10);
    return List.of(
        Request.of(ask, List.of(fill(150, 1))),
        new AuthorityMessage.Ticket(
            HEAD,
            id,
            Kind.RESEAL,
            Mode.SEQUENTIAL,
            List.of(target()),
            Optional.empty(),
            900_000,
            fill(32, 15)),
        new InstanceMessage.Open(HEAD, fill(100, 1), fill(200, 2), fill(32, 3)),
        new InstanceMessage.SealReceipt(HEAD, fill(100, 1), fill(200, 2), fill(90, 4), fill(32, 3)),
        new InstanceMessage.Checkpoint(HEAD, fill(100, 1), fill(200, 2), fill(90, 4), fill(32, 3)),
        new AuthorityMessage.CheckpointAck(HEAD, id, fill(32, 3), fill(200, 14)),
        new AuthorityMessage.Challenge(HEAD, fill(32, 5), fill(200, 14)),
        new InstanceMessage.GrantRequest(
            HEAD, claims().encode(), fill(4000, 16), Optional.of(fill(32, 17))),
        new AuthorityMessage.Grant(
            HEAD,
            id,
            false,
            fill(32, 17),
            Optional.of(fill(32, 18)),
            fill(200, 2),
            box(51),
            fill(32, 19),
            4,
            fill(200, 14),
            Optional.of(box(48)),
            essentials().encode()),
        new InstanceMessage.Ready(
            HEAD,
            id,
            fill(32, 18),
            fill(32, 17),
            fill(200, 2),
            Optional.empty(),
            Optional.of(fill(32, 22))),
        new AuthorityMessage.Activation(
            HEAD,
            id,
            4,
            2,
            box(100),
            fill(32, 12),
            fill(300, 23),
            fill(200, 14),
            essentials().encode()),
        new AuthorityMessage.Abort(HEAD, id),
        new AuthorityMessage.RekeyGrant(HEAD, id, 3, box(100)),
        new InstanceMessage.Renew(HEAD, fill(32, 5), 2, Optional.empty(), fill(32, 24)),
        passport(),
        new AuthorityMessage.Retired(HEAD, List.of(fill(32, 25)), List.of(1L), fill(200, 14), 0),
        new LogMessage.Entry(Head.LOG, 5, fill(32, 26), fill(50, 27), fill(32, 28), 1_000),
        new LogMessage.LogHead(Head.LOG, 5, fill(32, 26)),
        new LogMessage.Proof(HEAD, fill(32, 29)));
  }
}
