"""The RSC1 container: its parts and what can be said of it before anything is decrypted (protocol 5)."""

from __future__ import annotations

from typing import Any, NamedTuple

from reseal import cbor
from reseal.errors import Refused
from reseal.fields import CORE, FOOTER, SLOTS, Shape, blob, fixed, listed, map_of, nullable, number, row
from reseal.framing import END, FOOTER_MARK, MAGIC, ROUNDS, SEGMENT, Source, exactly, length
from reseal.hashes import body_id, head_digest, same, sha256, slot_digest
from reseal.slots import StreamKeys, decode

__all__ = ["TAIL", "Body", "Core", "Footer", "check_footer", "check_granted", "read_beginning", "read_tail"]

TAIL = FOOTER + 5 + 16


class Core(NamedTuple):
    """How a container was begun (protocol 5.2)."""

    lineage: bytes
    epoch: int
    op_id: bytes
    fence: int
    instance_id: bytes
    log_head: bytes | None
    layout: int
    salt: bytes
    policy_digest: bytes
    pk_open: bytes

    def encode(self) -> bytes:
        fields = dict(zip(range(1, 14), (1, *self[:5], 1, *self[5:8], SEGMENT, *self[8:]), strict=True))
        return cbor.encode(fields)

    @staticmethod
    def decode(encoded: bytes) -> Core:
        """``Refused`` by rule STRUCTURE for anything but one core."""
        found = _structure(encoded, "core", _CORE, CORE)
        return Core(*found[1:6], *found[7:10], *found[11:])


class Footer(NamedTuple):
    """What is true when a container is finished; a round is segments, plaintext bytes, ct_root."""

    rounds: tuple[tuple[int, int, bytes], ...]
    mac: bytes
    seq: int
    gen: int
    gen_floor: int

    def encode(self, with_mac: bool = True) -> bytes:
        fields = {1: [list(each) for each in self.rounds], 2: self.mac, 3: self.seq, 4: self.gen, 5: self.gen_floor}
        if not with_mac:
            del fields[2]
        return cbor.encode(fields)

    @staticmethod
    def decode(encoded: bytes) -> Footer:
        """``Refused`` by rule STRUCTURE for anything but one footer."""
        return Footer(*_structure(encoded, "footer", _FOOTER_SHAPE, FOOTER))


_D = fixed(32)
_CORE: Shape = (
    (1, "version", number(1, 1)),
    (2, "lineage", fixed(16)),
    (3, "epoch", number()),
    (4, "op_id", fixed(16)),
    (5, "fence", number()),
    (6, "instance_id", _D),
    (7, "suite", number(1, 1)),
    (8, "log head", nullable(blob(CORE))),
    (9, "layout", number()),
    (10, "stream_salt", _D),
    (11, "segment size", number(SEGMENT, SEGMENT)),
    (12, "policy digest", _D),
    (13, "pk_open", _D),
)
_FOOTER_SHAPE: Shape = (
    (1, "rounds", listed(row(number(1, 2**31 - 1), number(), _D), 1, ROUNDS)),
    (2, "footer_mac", _D),
    (3, "seq", number()),
    (4, "gen", number()),
    (5, "gen_floor", number()),
)


def _structure(encoded: bytes, what: str, shape: Shape, most: int) -> list[Any]:
    try:
        if len(encoded) > most:
            raise Refused("SIZE", f"a {what} of {len(encoded)} bytes")
        return map_of(encoded, what, shape)
    except Refused as refused:
        raise Refused("STRUCTURE", str(refused)) from None


class Body(NamedTuple):
    """A finished container, all parts encoded."""

    core: bytes
    slots: bytes
    footer: bytes

    @property
    def body_id(self) -> bytes:
        return body_id(self.core, self.footer)

    @property
    def slot_digest(self) -> bytes:
        return slot_digest(self.slots)

    @property
    def head(self) -> bytes:
        return head_digest(self.body_id, self.slot_digest)


def read_beginning(source: Source) -> tuple[bytes, bytes]:
    """Core and slots, encoded, as they are in the file."""
    if exactly(source, 8) != MAGIC:
        raise Refused("MAGIC", "not an RSC1 container")
    core = exactly(source, length(source, CORE, "core"))
    Core.decode(core)
    slots = exactly(source, length(source, SLOTS, "slots part"))
    decode(slots)
    return core, slots


def read_tail(tail: bytes, total: int) -> bytes:
    """The footer, from the last bytes of a file of ``total`` bytes."""
    if len(tail) < 16 or tail[-8:] != END:
        raise Refused("TRAILER", "the trailer is wrong or not the end")
    at = int.from_bytes(tail[-16:-8], "big") - (total - len(tail))
    if not 0 <= at <= len(tail) - 22 or tail[at] != FOOTER_MARK:
        raise Refused("TRAILER", "the trailer does not point at a footer")
    size = int.from_bytes(tail[at + 1 : at + 5], "big")
    if not 1 <= size <= FOOTER:
        raise Refused("LENGTH", f"a footer of {size} bytes, not 1 to {FOOTER}")
    if at + 5 + size + 16 != len(tail):
        raise Refused("TRAILER", "the footer does not end where the trailer begins")
    return tail[at + 5 : at + 5 + size]


def check_granted(core: bytes, footer: bytes, lineage: bytes, core_digest: bytes, granted: bytes | None) -> Core:
    """Steps 2 to 4 of protocol 5.6: that these are core and footer of the granted body."""
    decoded = Core.decode(core)
    Footer.decode(footer)
    if decoded.lineage != lineage:
        raise Refused("LINEAGE", "a container of another lineage")
    if sha256(core) != core_digest:
        raise Refused("CORE_DIGEST", "the container has another core than was granted")
    if body_id(core, footer) != granted:
        raise Refused("BODY_ID", "the container is not the registered one")
    return decoded


def check_footer(core: bytes, footer: bytes, keys: StreamKeys) -> Footer:
    """Commitment and mac: before anything is decrypted (protocol 5.6, step 6)."""
    if not same(keys.pk_open, Core.decode(core).pk_open):
        raise Refused("PK_OPEN", "these keys are not those that the core commits to")
    found = Footer.decode(footer)
    if not same(keys.footer_mac(sha256(core), found.encode(with_mac=False)), found.mac):
        raise Refused("FOOTER_MAC", "the footer is not authentic")
    return found
