package dev.reseal.wire;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import java.util.List;
import java.util.Optional;

/** The plaintext of a grant: one {@code S_auth} or null per registered slot (protocol 4). */
public record Shares(List<Optional<Secret>> halves) implements AutoCloseable {
  public Shares {
    halves = List.copyOf(halves);
  }

  public Secret encode() {
    Cbor array =
        Cbor.array(
            halves, half -> half.<Cbor>map(s -> Cbor.of(s.use(Bytes::of))).orElse(Cbor.nil()));
    return Secret.own(array.encode().toArray());
  }

  public static Shares decode(Secret plaintext) {
    Cbor wrapped = Cbor.array(Cbor.decode(plaintext.use(Bytes::of)));
    return new Shares(
        Fields.ofArray(wrapped, "shares")
            .list(0, 0, 2, each -> each.bytesOrNull(0, 32).map(b -> Secret.own(b.toArray()))));
  }

  @Override
  public void close() {
    halves.forEach(half -> half.ifPresent(Secret::close));
  }
}
