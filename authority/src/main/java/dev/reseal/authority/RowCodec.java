package dev.reseal.authority;

import dev.reseal.authority.Keys.Gen;
import dev.reseal.authority.Keys.Wrap;
import dev.reseal.authority.Operation.Granted;
import dev.reseal.authority.Row.Incumbent;
import dev.reseal.authority.Row.Last;
import dev.reseal.authority.Row.Lease;
import dev.reseal.authority.Row.State;
import dev.reseal.authority.Row.StateHead;
import dev.reseal.bytes.Bytes;
import dev.reseal.wire.Cbor;
import dev.reseal.wire.Fields;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Limits;
import dev.reseal.wire.Mode;
import dev.reseal.wire.Target;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;

/** A row as bytes: the durable part, whose digest is in the log, and the lease apart. */
final class RowCodec {
  private static final int EMPTY = 0;
  private static final int ACTIVE = 1;
  private static final int PREPARED = 2;
  private static final int SEALED = 3;
  private static final int CLOSED = 4;

  /** A close lets go of all keys at once, of either kind as many as a row can name. */
  private static final int DESTROYING = 3 * Limits.LIST;

  private RowCodec() {}

  static Bytes encode(Row row) {
    Cbor.Map map =
        Cbor.map()
            .with(1, 1)
            .with(2, row.lineage())
            .with(3, row.version())
            .with(4, row.policyFile())
            .with(5, row.epoch())
            .with(6, row.fence())
            .with(7, row.gen())
            .with(8, state(row.state()))
            .with(9, optional(row.head(), RowCodec::head))
            .with(10, keys(row.keys()))
            .with(
                11,
                optional(
                    row.last(),
                    last -> Cbor.array(Cbor.of(last.kind().number()), Cbor.of(last.opId()))))
            .with(12, row.rekeyedAtMs());
    return map.encode();
  }

  static Bytes encode(Lease lease) {
    return Cbor.map()
        .with(1, lease.untilMs())
        .with(2, lease.waitLifeMs())
        .with(3, lease.passport())
        .encode();
  }

  /** {@code policies}: of a policy file and a lineage in it. */
  static Row decode(Bytes content, Bytes lease, BiFunction<Bytes, Bytes, Policy> policies) {
    Fields in = Fields.ofMap(content, "row");
    in.uint(1, 1, 1);
    Bytes lineage = in.bytes(2, 16);
    Bytes file = in.blob(4, PolicyFile.MOST);
    return in.end(
        new Row(
            lineage,
            in.uint(3),
            file,
            policies.apply(file, lineage),
            in.uint(5),
            in.uint(6),
            in.uint(7),
            readState(in.nestedMap(8)),
            optional(in, 9, () -> readHead(in.nested(9))),
            readKeys(in.nested(10)),
            optional(in, 11, () -> readLast(in.nested(11))),
            in.uint(12),
            readLease(lease)));
  }

  private static Last readLast(Fields in) {
    return in.end(new Last(Kind.of(in.uint(0)), in.bytes(1, 16)));
  }

  private static Lease readLease(Bytes lease) {
    Fields in = Fields.ofMap(lease, "lease");
    return in.end(new Lease(in.uint(1), in.uint(2), in.blobOrNull(3, Limits.CORE)));
  }

  private static Cbor state(State state) {
    return switch (state) {
      case State.Empty() -> Cbor.map().with(1, EMPTY);
      case State.Active(var incumbent) -> Cbor.map().with(1, ACTIVE).with(2, incumbent(incumbent));
      case State.Prepared(var incumbent, var operation) ->
          Cbor.map().with(1, PREPARED).with(2, incumbent(incumbent)).with(3, operation(operation));
      case State.Sealed(var incumbent, var operation) ->
          Cbor.map()
              .with(1, SEALED)
              .with(2, optional(incumbent, RowCodec::incumbent))
              .with(3, operation(operation));
      case State.Closed(long until) -> Cbor.map().with(1, CLOSED).with(4, until);
    };
  }

  private static State readState(Fields in) {
    return in.end(
        switch ((int) in.uint(1, EMPTY, CLOSED)) {
          case EMPTY -> new State.Empty();
          case ACTIVE -> new State.Active(readIncumbent(in.nestedMap(2)));
          case PREPARED ->
              new State.Prepared(readIncumbent(in.nestedMap(2)), readOperation(in.nestedMap(3)));
          case SEALED ->
              new State.Sealed(
                  optional(in, 2, () -> readIncumbent(in.nestedMap(2))),
                  readOperation(in.nestedMap(3)));
          default -> new State.Closed(in.uint(4));
        });
  }

  private static Cbor incumbent(Incumbent incumbent) {
    return Cbor.map()
        .with(1, incumbent.identity().write())
        .with(2, incumbent.opId())
        .with(3, incumbent.fence())
        .with(4, incumbent.wrapId())
        .with(5, incumbent.essentials())
        .with(6, incumbent.flags());
  }

  private static Incumbent readIncumbent(Fields in) {
    return in.end(
        new Incumbent(
            Identity.read(in.nestedMap(1)),
            in.bytes(2, 16),
            in.uint(3),
            in.bytes(4, 32),
            in.blob(5, Limits.CORE),
            in.uint(6)));
  }

  private static Cbor operation(Operation op) {
    return Cbor.map()
        .with(1, op.kind().number())
        .with(2, Cbor.numberOrNull(op.mode().map(mode -> (long) mode.number())))
        .with(3, op.opId())
        .with(4, op.fence())
        .with(5, Cbor.array(op.targets(), Target::write))
        .with(6, op.nextGen())
        .with(7, op.nextWrapId())
        .with(8, op.essentials())
        .with(9, op.ticketDigest())
        .with(10, op.permitUntilMs())
        .with(
            11,
            Cbor.array(
                op.grants(),
                grant ->
                    Cbor.array(
                        grant.identity().write(), Cbor.of(grant.z()), Cbor.of(grant.atMs()))));
  }

  private static Operation readOperation(Fields in) {
    return in.end(
        new Operation(
            Kind.of(in.uint(1)),
            in.uintOrNull(2).map(Mode::of),
            in.bytes(3, 16),
            in.uint(4),
            in.list(5, 0, Limits.LIST, each -> Target.read(each.any(0))),
            in.uint(6),
            in.bytes(7, 32),
            in.blob(8, Limits.CORE),
            in.bytesOrNull(9, 32),
            in.uint(10),
            in.list(
                11,
                0,
                Limits.LIST,
                each -> {
                  Fields grant = each.nested(0);
                  return grant.end(
                      new Granted(
                          Identity.read(grant.nestedMap(0)), grant.bytes(1, 32), grant.uint(2)));
                })));
  }

  private static Cbor head(StateHead head) {
    return Cbor.array(Cbor.of(head.core()), Cbor.of(head.slots()), Cbor.of(head.footer()));
  }

  private static StateHead readHead(Fields in) {
    return in.end(
        new StateHead(
            in.blob(0, Limits.CORE), in.blob(1, Limits.SLOTS), in.blob(2, Limits.FOOTER)));
  }

  private static Cbor keys(Keys keys) {
    return Cbor.array(
        Cbor.array(keys.wraps(), wrap -> Cbor.array(Cbor.of(wrap.id()), Cbor.of(wrap.fence()))),
        Cbor.array(keys.gens(), gen -> Cbor.array(Cbor.of(gen.number()), Cbor.of(gen.fence()))),
        Cbor.array(keys.destroying(), Cbor::of));
  }

  private static Keys readKeys(Fields in) {
    List<String> destroying = in.list(2, 0, DESTROYING, each -> each.text(0));
    return in.end(
        new Keys(
            in.list(
                0,
                0,
                Limits.LIST,
                each -> {
                  Fields wrap = each.nested(0);
                  return wrap.end(new Wrap(wrap.bytes(0, 32), wrap.uint(1)));
                }),
            in.list(
                1,
                0,
                Limits.LIST,
                each -> {
                  Fields gen = each.nested(0);
                  return gen.end(new Gen(gen.uint(0), gen.uint(1)));
                }),
            destroying));
  }

  private static <T> Cbor optional(Optional<T> value, Function<T, Cbor> write) {
    return value.map(write).orElse(Cbor.nil());
  }

  private static <T> Optional<T> optional(Fields in, long key, Supplier<T> read) {
    return in.any(key) instanceof Cbor.Null ? Optional.empty() : Optional.of(read.get());
  }
}
