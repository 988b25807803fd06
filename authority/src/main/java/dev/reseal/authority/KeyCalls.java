package dev.reseal.authority;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.authority.Ledger.Held;
import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Code;
import dev.reseal.wire.Cose;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Limits;
import java.util.ArrayList;
import java.util.List;

/** key-add and key-list (transport T5), signed by an operator of the lineage. */
final class KeyCalls {
  private static final int KEY_LEAST = 16;
  private static final int KEY_MOST = 4096;

  private final Ledger ledger;
  private final long nowMs;

  KeyCalls(Ledger ledger, long nowMs) {
    this.ledger = ledger;
    this.nowMs = nowMs;
  }

  /** The bytes go into the next generation that is made; a repeat of the call has no effect. */
  Reply add(Bytes message) {
    Fields in = Fields.ofMap(Cose.parse(message, Limits.MESSAGE).payload(), "key-add");
    in.uint(1, 1, 1);
    Held held = verified("key-add", message, in);
    String purpose = in.text(3);
    Bytes key = in.blob(4, KEY_MOST);
    Bytes nonce = in.end(in.bytes(5, 16));
    Row row = held.row();
    if (row.state() instanceof Row.State.Closed) {
      throw Register.wrongState(row, "key-add"); // no generation will ever take the bytes
    }
    if (!row.policy().essentials().purposes().contains(purpose)) {
      throw Denied.of(Code.POLICY_REFUSED, "PURPOSE", "policy has no purpose '" + purpose + "'")
          .allow("\"purposes\": [\"" + purpose + "\"]");
    }
    Denied.unless(
        key.size() >= KEY_LEAST,
        Code.POLICY_REFUSED,
        "KEY_SIZE",
        "a key of " + key.size() + " bytes, at least " + KEY_LEAST + " needed");
    AnswerKey used = new AnswerKey(row.lineage(), nonce, "key-add", Bytes.zeros(32));
    if (ledger.store().answer(used).isPresent()) {
      return new Reply.Nothing();
    }
    String name = KeyNames.added(row.lineage(), purpose);
    try (Secret secret = Secret.own(key.toArray())) {
      ledger.keys().replace(name, secret);
    }
    ledger.keep(held, used, Stored.nothing());
    return new Reply.Nothing();
  }

  Reply list(Bytes message) {
    Fields in = Fields.ofMap(Cose.parse(message, Limits.MESSAGE).payload(), "key-list");
    in.uint(1, 1, 1);
    Row row = verified("key-list", message, in).row();
    in.end(in.bytes(5, 16));
    List<Cbor> all = new ArrayList<>();
    for (Keys.Gen gen : row.keys().gens()) {
      all.add(
          Cbor.array(
              Cbor.of(gen.number()),
              Cbor.of(state(row, gen)),
              Cbor.array(row.policy().essentials().purposes(), Cbor::of)));
    }
    return new Reply.Answer(new Cbor.Array(all).encode());
  }

  /** NIST SP 800-57: 1 pre-activation, 2 active, 3 deactivated. */
  private static int state(Row row, Keys.Gen gen) {
    if (gen.number() > row.gen()) {
      return 1;
    }
    return gen.number() == row.gen() ? 2 : 3;
  }

  private Held verified(String type, Bytes message, Fields in) {
    Bytes lineage = in.bytes(2, 16);
    ledger.finish(lineage, nowMs); // bytes that were used go before others take their place
    Held held = ledger.require(lineage);
    Cose.parse(message, Limits.MESSAGE).verify(type, held.row().policy().operators());
    return held;
  }
}
