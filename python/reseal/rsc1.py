"""The RSC1 container: one state, sealed as a stream and restored as a stream (protocol 5)."""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reseal import cbor
from reseal.errors import Refused
from reseal.fields import CORE, FOOTER, SLOTS, Shape, blob, fixed, listed, map_of, nullable, number, row
from reseal.hashes import body_id, head_digest, same, sha256, slot_digest, u32, u64
from reseal.slots import StreamKeys, decode

__all__ = ["SEGMENT", "Body", "Core", "Footer", "Sealing", "read", "read_tail"]

SEGMENT = 1_048_576
TAG = 16
ROUNDS = 16
BUFFERS = 4
TAIL = FOOTER + 5 + 16
MAGIC = bytes.fromhex("525343310d0a1a0a")
END = bytes.fromhex("52534331454e440a")
CHECKPOINT = bytes(16)
_ROUND, _SEGMENT, _LAST, _FOOTER = 0x52, 0x53, 0x4C, 0x46


class Source(Protocol):
    """A binary stream; ``readinto`` fills some of the target and gives 0 at its end."""

    def readinto(self, target: memoryview, /) -> int | None: ...


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


class _Roots:
    """SHA-256 of the SHA-256 of each segment, with one more thread hashing while this one encrypts.

    hashlib lets go of the interpreter lock. The caller hashes itself when the other thread is behind,
    so that two cores share the work. Segments live in a few buffers that are used in turn.
    """

    def __init__(self) -> None:
        self._buffers = [memoryview(bytearray(SEGMENT + TAG)) for _ in range(BUFFERS)]
        self._busy = [threading.Lock() for _ in range(BUFFERS)]
        self._turn = 0
        self._jobs: queue.SimpleQueue[tuple[int, int, memoryview] | None] = queue.SimpleQueue()
        self._digests: list[bytes] = []
        self._behind = threading.Semaphore(2)
        self._thread: threading.Thread | None = None

    def buffer(self) -> memoryview:
        """Room for the next ciphertext; waits until nobody reads what it held before."""
        self._turn = (self._turn + 1) % BUFFERS
        with self._busy[self._turn]:
            return self._buffers[self._turn]

    def add(self, ciphertext: memoryview) -> None:
        """The ciphertext in the buffer that was handed out last."""
        place = len(self._digests)
        self._digests.append(b"")
        if len(ciphertext) < 65_536 or not self._behind.acquire(blocking=False):
            self._digests[place] = hashlib.sha256(ciphertext).digest()
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="reseal-hash", daemon=True)
            self._thread.start()
        self._busy[self._turn].acquire()
        self._jobs.put((place, self._turn, ciphertext))

    def root(self) -> bytes:
        """Of the segments added since the last call."""
        for busy in self._busy:
            with busy:
                pass
        digest = sha256(*self._digests)
        self._digests.clear()
        return digest

    def close(self) -> None:
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            place, turn, ciphertext = job
            self._digests[place] = hashlib.sha256(ciphertext).digest()
            self._behind.release()
            self._busy[turn].release()


class Sealing:
    """Writes one container as a stream of chunks; used once, then :attr:`body` says what it was.

    A container that could not be stored whole is abandoned: the next try is another ``Sealing`` with
    fresh core, salt and DEK, since no segment may be encrypted twice.
    """

    def __init__(self, core: bytes, slots: bytes, keys: StreamKeys) -> None:
        self._core, self._slots, self._keys = core, slots, keys
        self._digest = sha256(core)
        self._roots = _Roots()
        self._rounds: list[tuple[int, int, bytes]] = []
        self._begun = False
        self.body: Body | None = None

    def stream(
        self, rounds: Iterable[Iterable[bytes]], finish: Callable[[], tuple[int, int, int]]
    ) -> Iterator[bytes | memoryview]:
        """All bytes of the file; a chunk is valid until the next one is asked for.

        A round is an iterable of framed records; ``finish`` is asked at the end for seq, gen and gen_floor.
        """
        if self._begun:
            raise Refused("WRONG_STATE", "a container is written once")
        self._begun = True
        try:
            yield from self._stream(rounds, finish)
        finally:
            self._roots.close()

    def _stream(
        self, rounds: Iterable[Iterable[bytes]], finish: Callable[[], tuple[int, int, int]]
    ) -> Iterator[bytes | memoryview]:
        begin = b"".join((MAGIC, u32(len(self._core)), self._core, u32(len(self._slots)), self._slots))
        offset = len(begin)
        yield begin
        for place, records in enumerate(rounds):
            yield b"\x52" + u32(place)
            offset += 5
            key, prefix = self._keys.round(self._digest, place)
            cipher = AESGCM(key)
            count = plain = 0
            for chunk, last in _segments(records):
                nonce = prefix + u32(count) + (b"\1" if last else b"\0")
                sealed = self._roots.buffer()[: len(chunk) + TAG]
                cipher.encrypt_into(nonce, chunk, None, sealed)
                self._roots.add(sealed)
                yield (b"\x4c" if last else b"\x53") + u32(len(sealed))
                yield sealed
                offset += 5 + len(sealed)
                count += 1
                plain += len(chunk)
            self._rounds.append((count, plain, self._roots.root()))
        unsigned = Footer(tuple(self._rounds), b"", *finish())
        mac = self._keys.footer_mac(self._digest, unsigned.encode(with_mac=False))
        footer = unsigned._replace(mac=mac).encode()
        yield b"".join((b"\x46", u32(len(footer)), footer, u64(offset), END))
        self.body = Body(self._core, self._slots, footer)


def _segments(records: Iterable[bytes]) -> Iterator[tuple[memoryview, bool]]:
    """Cuts the records of a round into segments: the last one is flagged, and empty only if all is.

    A segment is valid until the next one is asked for.
    """
    buffer = memoryview(bytearray(SEGMENT))
    fill = 0
    for record in records:
        size = len(record)
        if fill + size <= SEGMENT:
            buffer[fill : fill + size] = record
            fill += size
            continue
        content = memoryview(record)
        at = 0
        while at < size:
            if fill == SEGMENT:
                yield buffer, False
                fill = 0
            step = min(size - at, SEGMENT - fill)
            buffer[fill : fill + step] = content[at : at + step]
            fill += step
            at += step
    yield buffer[:fill], True


def _fill(source: Source, target: memoryview) -> memoryview:
    at = 0
    while at < len(target):
        count = source.readinto(target[at:])
        if not count:
            raise Refused("TRUNCATED", f"the container ends {len(target) - at} bytes early")
        at += count
    return target


def _exactly(source: Source, size: int) -> bytes:
    return bytes(_fill(source, memoryview(bytearray(size))))


def _length(source: Source, most: int, what: str) -> int:
    size = int.from_bytes(_exactly(source, 4), "big")
    if not 1 <= size <= most:
        raise Refused("LENGTH", f"a {what} of {size} bytes, not 1 to {most}")
    return size


def read_beginning(source: Source) -> tuple[bytes, bytes]:
    """Core and slots, encoded, as they are in the file."""
    if _exactly(source, 8) != MAGIC:
        raise Refused("MAGIC", "not an RSC1 container")
    core = _exactly(source, _length(source, CORE, "core"))
    Core.decode(core)
    slots = _exactly(source, _length(source, SLOTS, "slots part"))
    decode(slots)
    return core, slots


def read_tail(tail: bytes, total: int) -> bytes:
    """The footer, from the last bytes of a file of ``total`` bytes."""
    if len(tail) < 16 or tail[-8:] != END:
        raise Refused("TRAILER", "the trailer is wrong or not the end")
    at = int.from_bytes(tail[-16:-8], "big") - (total - len(tail))
    if not 0 <= at <= len(tail) - 22 or tail[at] != _FOOTER:
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


def read(
    source: Source, core: bytes, footer: bytes, keys: StreamKeys, accept: Callable[[memoryview, bool], None]
) -> None:
    """Decrypts a whole container whose core and footer were checked before, from its first byte.

    ``accept`` is given each authenticated plaintext segment, valid during the call, and whether it
    ends its round; what it keeps counts only when this function returns.
    """
    found, slots = read_beginning(source)
    if found != core:
        raise Refused("CORE_DIGEST", "the file has another core than was granted")
    read_rounds(source, 16 + len(core) + len(slots), core, footer, keys, accept)


def read_rounds(
    source: Source,
    offset: int,
    core: bytes,
    footer: bytes,
    keys: StreamKeys,
    accept: Callable[[memoryview, bool], None],
) -> None:
    """As :func:`read`, of a source that was read up to ``offset``, where the rounds begin."""
    expected = check_footer(core, footer, keys)
    digest = sha256(core)
    roots = _Roots()
    try:
        rounds: list[tuple[int, int, bytes]] = []
        while True:
            mark = _exactly(source, 1)[0]
            if mark == _FOOTER:
                break
            if mark != _ROUND:
                raise Refused("MARK", f"mark {mark:02x} where a round or the footer should begin")
            place = int.from_bytes(_exactly(source, 4), "big")
            if place != len(rounds) or place >= ROUNDS:
                raise Refused("MARK", f"round {place} where round {len(rounds)} should be")
            offset += 5
            segments, plain, size = _round(source, *keys.round(digest, place), roots, accept)
            rounds.append((segments, plain, roots.root()))
            offset += size
    finally:
        roots.close()
    found = _exactly(source, _length(source, FOOTER, "footer"))
    trailer = _exactly(source, 16)
    if trailer != u64(offset) + END or source.readinto(memoryview(bytearray(1))):
        raise Refused("TRAILER", "the trailer is wrong or not the end")
    if found != footer:
        raise Refused("BODY_ID", "the file has another footer than was granted")
    _compare(rounds, expected)


def _compare(rounds: list[tuple[int, int, bytes]], expected: Footer) -> None:
    if len(rounds) != len(expected.rounds):
        raise Refused("COUNTS", f"{len(rounds)} rounds, the footer says {len(expected.rounds)}")
    for place, (found, said) in enumerate(zip(rounds, expected.rounds, strict=True)):
        if found[:2] != said[:2]:
            raise Refused("COUNTS", f"round {place} has other counts")
        if found[2] != said[2]:
            raise Refused("CT_ROOT", f"round {place} has another ct_root")


def _round(
    source: Source, key: bytes, prefix: bytes, roots: _Roots, accept: Callable[[memoryview, bool], None]
) -> tuple[int, int, int]:
    """Segments, plaintext bytes and bytes in the file."""
    cipher = AESGCM(key)
    clear = memoryview(bytearray(SEGMENT))
    segments = plain = size = 0
    last = False
    while not last:
        mark = _exactly(source, 1)[0]
        last = mark == _LAST
        if not last and mark != _SEGMENT:
            raise Refused("MARK", f"mark {mark:02x} where a segment should begin")
        length = int.from_bytes(_exactly(source, 4), "big")
        least = TAG if segments == 0 else TAG + 1
        if not (least <= length <= SEGMENT + TAG if last else length == SEGMENT + TAG):
            raise Refused("LENGTH", f"segment {segments} of {length} bytes")
        sealed = _fill(source, roots.buffer()[:length])
        roots.add(sealed)
        content = clear[: length - TAG]
        try:
            cipher.decrypt_into(prefix + u32(segments) + (b"\1" if last else b"\0"), sealed, None, content)
        except InvalidTag:
            raise Refused("SEGMENT", f"segment {segments} is not authentic") from None
        accept(content, last)
        segments += 1
        plain += len(content)
        size += 5 + length
    return segments, plain, size


def fresh() -> tuple[bytes, bytes]:
    """Salt and DEK of a new container."""
    return os.urandom(32), os.urandom(32)
