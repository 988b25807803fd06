"""Declared state: mappings whose content outlives the instance (runtimes of the SDK surface)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, Generic, TypeVar

from reseal import cbor
from reseal.errors import Refused
from reseal.records import Key, frame, store_head, value_of
from reseal.values import Codec

__all__ = ["Ledger", "State", "Transaction"]

V = TypeVar("V")


class Ledger:
    """All stores of an instance: one lock, one counter of versions, and who may write now.

    ``gate`` raises if a write is not allowed in the instance's state.
    """

    def __init__(self, gate: Callable[[], None]) -> None:
        self.lock = threading.RLock()
        self.version = 0
        self.updates = 0
        """How many writes of a key were made here; unlike versions, none is spent on what a container adds."""
        self.stores: dict[str, dict[Key, bytes]] = {}
        self._gate = gate
        self._size = 0
        self.state_max = cbor.MAX_INT
        self.reserved = 0
        """Bytes that a container adds to the state."""

    def write(self, store: str, head: bytes, changes: Mapping[Key, bytes | None]) -> None:
        """Applies encoded values (None deletes) as one: all of them or none."""
        with self.lock:
            self._gate()
            records = self.stores[store]
            framed: dict[Key, bytes | None] = {}
            grown = 0
            version = self.version
            for key, value in changes.items():
                version += 1
                framed[key] = made = None if value is None else frame(head, key, version, value)
                grown += len(made or b"") - len(records.get(key, b""))
            if grown > 0 and grown > self.room:
                raise Refused(
                    "POLICY",
                    f"the state has {self._size} bytes and would grow by {grown}: state_max is {self.state_max}, "
                    f"of which schemas and snapshots take {self.reserved}",
                )
            for key, made in framed.items():
                if made is None:
                    records.pop(key, None)
                else:
                    records[key] = made
            self.version = version
            self.updates += len(framed)
            self._size += grown

    @property
    def size(self) -> int:
        """Bytes of all records; never less than what a restore counts."""
        return self._size

    @property
    def room(self) -> int:
        """By how many bytes the state may still grow."""
        return self.state_max - self.reserved - self._size

    def replace(self, stores: dict[str, dict[Key, bytes]], version: int) -> None:
        """What was restored becomes the state; declared stores that it lacks become empty."""
        with self.lock:
            for name in self.stores:
                stores.setdefault(name, {})
            self.stores = stores
            self.version = version
            self._size = sum(len(framed) for records in stores.values() for framed in records.values())

    def erase(self) -> None:
        """For good: reading is refused from now on, since what is erased must not look empty."""
        with self.lock:
            self.stores = _Erased()


class _Erased(dict[str, dict[Key, bytes]]):
    """The stores of a forked child."""

    def __missing__(self, store: str) -> dict[Key, bytes]:
        raise Refused("WRONG_STATE", f"state {store!r} is erased in a forked process: use threads")


class State(MutableMapping[Key, V], Generic[V]):
    """A declared state; made by ``App.state``. Keys are str, int or bytes."""

    def __init__(
        self,
        ledger: Ledger,
        name: str,
        of: Any,
        schema_version: int = 1,
        migrate: Mapping[int, Callable[[Any], Any]] | None = None,
    ) -> None:
        self.name = name
        self.codec = Codec(of)
        self.schema_version = schema_version
        self.migrate = dict(migrate or {})
        self._ledger = ledger
        self._head = store_head(name)
        ledger.stores.setdefault(name, {})

    def __repr__(self) -> str:
        return f"<State {self.name}: {len(self)} of {self.codec.name}>"

    def __getitem__(self, key: Key) -> V:
        value: V = self.codec.decode(value_of(self._ledger.stores[self.name][_key(key)], self._head))
        return value

    def __setitem__(self, key: Key, value: V) -> None:
        self._ledger.write(self.name, self._head, {_key(key): self.codec.encode(value)})

    def __delitem__(self, key: Key) -> None:
        with self._ledger.lock:
            if _key(key) not in self._ledger.stores[self.name]:
                raise KeyError(key)
            self._ledger.write(self.name, self._head, {key: None})

    def __contains__(self, key: object) -> bool:
        return type(key) in (str, int, bytes) and key in self._ledger.stores[self.name]

    def __iter__(self) -> Iterator[Key]:
        with self._ledger.lock:
            return iter(list(self._ledger.stores[self.name]))

    def __len__(self) -> int:
        return len(self._ledger.stores[self.name])

    def transaction(self) -> Transaction[V]:
        """``with state.transaction() as tx``: all of its writes or, if the block raises, none."""
        return Transaction(self)


class Transaction(MutableMapping[Key, V], Generic[V]):
    """Writes of one ``with`` block, seen by nobody else until it ends; others wait for its end."""

    def __init__(self, state: State[V]) -> None:
        self._state = state
        self._changes: dict[Key, bytes | None] = {}
        self._open = False

    def __enter__(self) -> Transaction[V]:
        self._state._ledger.lock.acquire()
        self._open = True
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            self._open = False
            if kind is None and self._changes:
                self._state._ledger.write(self._state.name, self._state._head, self._changes)
        finally:
            self._state._ledger.lock.release()

    def _writable(self) -> None:
        if not self._open:
            raise Refused("WRONG_STATE", "the transaction has ended: use it inside its with block")

    def __getitem__(self, key: Key) -> V:
        if _key(key) in self._changes:
            encoded = self._changes[key]
            if encoded is None:
                raise KeyError(key)
            value: V = self._state.codec.decode(encoded)
            return value
        return self._state[key]

    def __setitem__(self, key: Key, value: V) -> None:
        self._writable()
        self._changes[_key(key)] = self._state.codec.encode(value)

    def __delitem__(self, key: Key) -> None:
        self._writable()
        if key not in self:
            raise KeyError(key)
        self._changes[_key(key)] = None

    def __contains__(self, key: object) -> bool:
        if key in self._changes:
            return self._changes[key] is not None
        return key in self._state

    def __iter__(self) -> Iterator[Key]:
        kept = [key for key in self._state if key not in self._changes]
        return iter(kept + [key for key, value in self._changes.items() if value is not None])

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _key(key: Key) -> Key:
    if type(key) is str or type(key) is int or type(key) is bytes:
        return key
    raise TypeError(f"a key of a state is str, int or bytes, not {type(key).__name__}")
