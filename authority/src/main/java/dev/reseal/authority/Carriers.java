package dev.reseal.authority;

import dev.reseal.authority.Store.AnswerKey;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which stored answers could deliver a key, so that retiring the key erases them. */
final class Carriers {
  private static final Bytes ZERO16 = Bytes.zeros(16);
  private static final Bytes ZERO32 = Bytes.zeros(32);

  private final Store store;

  Carriers(Store store) {
    this.store = store;
  }

  void index(Bytes lineage, AnswerKey key, List<String> carries, Map<AnswerKey, Bytes> keep) {
    for (String name : carries) {
      AnswerKey index = carriers(lineage, name);
      List<AnswerKey> all = new ArrayList<>(carriers(index, keep));
      if (!all.contains(key)) {
        all.add(key);
      }
      keep.put(
          index,
          Cbor.array(
                  all,
                  each ->
                      Cbor.array(
                          Cbor.of(each.opId()),
                          Cbor.of(each.type()),
                          Cbor.of(each.payloadDigest())))
              .encode());
    }
  }

  /** What could deliver the key is destroyed with it. */
  void revoke(Bytes lineage, String name, Map<AnswerKey, Bytes> keep) {
    for (AnswerKey each : carriers(carriers(lineage, name), keep)) {
      keep.put(each, Stored.DESTROYED);
    }
  }

  private List<AnswerKey> carriers(AnswerKey index, Map<AnswerKey, Bytes> keep) {
    Bytes known = keep.get(index);
    Optional<Bytes> found = known == null ? store.answer(index) : Optional.of(known);
    if (found.isEmpty()) {
      return List.of();
    }
    Fields wrapped = Fields.ofArray(Cbor.array(Cbor.decode(found.get())), "carriers");
    return wrapped.list(
        0,
        0,
        Integer.MAX_VALUE,
        each -> {
          Fields key = each.nested(0);
          return key.end(
              new AnswerKey(index.lineage(), key.bytes(0, 16), key.text(1), key.bytes(2, 32)));
        });
  }

  private static AnswerKey carriers(Bytes lineage, String name) {
    return new AnswerKey(lineage, ZERO16, "carriers " + name, ZERO32);
  }
}
