"""Records of the state as they travel: framed, versioned, checked (protocol 5.4).

The stores of the SDK hold their values in this very form, so sealing copies bytes and restoring
checks them once.
"""

from __future__ import annotations

from collections.abc import Callable

from reseal import cbor
from reseal.errors import Refused

__all__ = ["Key", "Staging", "frame", "store_head", "value_of"]

RECORD = 16 * 1024 * 1024

Key = str | int | bytes


def store_head(store: str) -> bytes:
    """What every record of a store begins with, after its length."""
    name = store.encode()
    return b"\x84" + cbor.head(3, len(name)) + name


def frame(head: bytes, key: Key, version: int, value: bytes | None) -> bytes:
    """``u32 len ‖ record``; ``head`` is that of the store."""
    encoded = cbor.encode_value(key)
    parts = [head, cbor.head(2, len(encoded)), encoded, cbor.head(0, version)]
    if value is None:
        parts.append(b"\xf6")
    else:
        parts += (cbor.head(2, len(value)), value)
    body = b"".join(parts)
    if len(body) > RECORD:
        raise Refused("SIZE", f"a record of {len(body)} bytes, more than {RECORD}: split the value")
    return len(body).to_bytes(4, "big") + body


def _head(data: bytes, at: int, major: int) -> tuple[int, int]:
    """Argument of an item of that major type, and where its content begins."""
    first = data[at] if at < len(data) else 0xFF
    info = first - (major << 5)
    if 0 <= info < 24:
        return info, at + 1
    if not 0 <= info < 32:
        raise Refused("RECORD", f"byte {at} of a record does not begin an item of type {major}")
    if info > 27:
        raise Refused("RECORD", f"byte {at} of a record has additional information {info}")
    size = 1 << info - 24
    argument = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    if at + 1 + size > len(data) or argument < (24, 0x100, 0x1_0000, 0x1_0000_0000)[info - 24]:
        raise Refused("RECORD", f"byte {at} of a record has a length that is not the shortest")
    return argument, at + 1 + size


def _key(encoded: bytes) -> Key:
    # A short text, which most keys are, in its one form: the strict reader would say the same.
    if encoded and 0x60 <= encoded[0] < 0x78 and encoded[0] - 0x5F == len(encoded):
        try:
            return encoded[1:].decode()
        except UnicodeDecodeError:
            raise Refused("RECORD", "a key that is not UTF-8") from None
    try:
        key = cbor.decode_value(encoded)
    except Refused as refused:
        raise Refused("RECORD", str(refused)) from None
    if type(key) is str or type(key) is int or type(key) is bytes:
        return key
    raise Refused("RECORD", "a key that is no text, integer or byte string")


def _read(framed: bytes) -> tuple[str, Key, int, memoryview | None, int]:
    """Store, key, version, encoded value where it is (None is a tombstone), and the size that counts for state_max.

    Every head in its one form and nothing after the last item: no other record has these parts.
    """
    if framed[4] != 0x84:
        raise Refused("RECORD", "a record that is not an array of four items")
    size, at = _head(framed, 5, 3)
    end = at + size
    try:
        store = framed[at:end].decode()
    except UnicodeDecodeError:
        raise Refused("RECORD", "a store whose name is not UTF-8") from None
    size, at = _head(framed, end, 2)
    end = at + size
    encoded = framed[at:end]
    version, at = _head(framed, end, 0)
    if version > cbor.MAX_INT:
        raise Refused("RECORD", "a record whose version is above 2^63-1")
    if at == len(framed) - 1 and framed[at] == 0xF6:
        return store, _key(encoded), version, None, size
    length, at = _head(framed, at, 2)
    if at + length != len(framed):
        raise Refused("RECORD", "a record that does not end with its value")
    return store, _key(encoded), version, memoryview(framed)[at:], size + length


def value_of(framed: bytes, head: bytes) -> bytes:
    """The encoded value of a record that was parsed or framed before; not a tombstone."""
    size, at = _head(framed, 4 + len(head), 2)
    _, at = _head(framed, at + size, 0)
    _, at = _head(framed, at, 2)
    return framed[at:]


class Staging:
    """The private store into which a container is read: the highest version of each key wins.

    ``check`` sees store name, key and decoded value of every record that is not a tombstone. Refused by
    rule POLICY when keys and values together exceed ``most`` bytes.
    """

    def __init__(self, most: int, check: Callable[[str, Key, object], None]) -> None:
        self.stores: dict[str, dict[Key, bytes]] = {}
        self.highest = 0
        self._most = most
        self._check = check
        self._size = 0
        self._held = bytearray()

    def accept(self, plaintext: memoryview, last: bool) -> None:
        """One authenticated segment."""
        at = self._complete(plaintext) if self._held else 0
        end = len(plaintext)
        if not self._held:
            while end - at >= 4:
                after = at + 4 + _size(plaintext[at : at + 4])
                if after > end:
                    break
                self._record(bytes(plaintext[at:after]))
                at = after
            self._held += plaintext[at:]
        if last and self._held:
            raise Refused("RECORD", "a record spans two rounds")

    def _complete(self, plaintext: memoryview) -> int:
        """Adds to the record that an earlier segment began; where the next one begins."""
        at = 0
        if len(self._held) < 4:
            at = 4 - len(self._held)
            self._held += plaintext[:at]
            if len(self._held) < 4:
                return len(plaintext)
        missing = 4 + _size(self._held[:4]) - len(self._held)
        self._held += plaintext[at : at + missing]
        if len(plaintext) - at >= missing:
            self._record(bytes(self._held))
            self._held = bytearray()
        return at + missing

    def _record(self, framed: bytes) -> None:
        store, key, version, value, size = _read(framed)
        try:
            if value is not None:
                self._check(store, key, cbor.decode_value(value))
        except Refused as refused:
            raise refused if refused.rule == "RECORD" else Refused("RECORD", str(refused)) from None
        records = self.stores.get(store)
        if records is None:
            records = self.stores[store] = {}
        if version > self.highest:
            self.highest = version
        known = records.get(key)
        if known is not None:
            _, _, older, _, older_size = _read(known)
            if older == version and known != framed:
                raise Refused("RECORD", f"two different records of version {older}")
            if older >= version:
                return
            size -= older_size
        records[key] = framed
        self._size += size
        if self._size > self._most:
            raise Refused("POLICY", f"the state is larger than state_max, {self._most} bytes")

    def finish(self) -> dict[str, dict[Key, bytes]]:
        """The live records by store: tombstones have done their work."""
        for store, records in self.stores.items():
            head = store_head(store)
            gone = [key for key, framed in records.items() if framed.endswith(b"\xf6") and _is_tombstone(framed, head)]
            for key in gone:
                del records[key]
        return self.stores


def _size(length: bytes | bytearray | memoryview) -> int:
    size = int.from_bytes(length, "big")
    if not 1 <= size <= RECORD:
        raise Refused("RECORD", f"a record of {size} bytes")
    return size


def _is_tombstone(framed: bytes, head: bytes) -> bool:
    size, at = _head(framed, 4 + len(head), 2)
    _, at = _head(framed, at + size, 0)
    return at == len(framed) - 1
