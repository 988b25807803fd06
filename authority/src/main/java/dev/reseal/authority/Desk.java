package dev.reseal.authority;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.Code;
import dev.reseal.wire.Message;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.Signed;
import dev.reseal.wire.SigningKey;
import dev.reseal.wire.X25519;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the register is handed for one decision: it reads no clock, no disk and no generator.
 *
 * @param key {@code K_A}
 * @param keys the key store, reading only
 * @param logHead the newest signed log head, of the log before this event
 */
public record Desk(
    SigningKey key,
    Randomness randomness,
    Function<String, Optional<Secret>> keys,
    Bytes logHead,
    Moment now) {

  static Desk at(Row row, Ledger ledger, SigningKey key, Randomness randomness, Watch watch) {
    return new Desk(key, randomness, ledger::key, ledger.logHead(), watch.moment(row.lineage()));
  }

  <M extends Message> Bytes sign(M message) {
    return Signed.sign(message, key).cose();
  }

  Optional<X25519.Pair> wrapKey(Row row, Bytes wrapId) {
    return row.keys()
        .wrap(wrapId)
        .flatMap(wrap -> keys.apply(KeyNames.wrap(row.lineage(), wrap)))
        .map(X25519.Pair::of);
  }

  Secret require(String name) {
    return keys.apply(name)
        .orElseThrow(
            () -> Denied.of(Code.KEY_DESTROYED, "KEY_MISSING", "the key store lacks " + name));
  }
}
