"""Reading a container as a stream, once core and footer are known to be the granted ones (protocol 5.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reseal.errors import Refused
from reseal.fields import FOOTER
from reseal.framing import (
    END,
    FOOTER_MARK,
    LAST_MARK,
    ROUND_MARK,
    ROUNDS,
    SEGMENT,
    SEGMENT_MARK,
    TAG,
    Source,
    exactly,
    length,
)
from reseal.hashes import sha256, u32, u64
from reseal.rsc1 import Footer, check_footer, read_beginning
from reseal.segments import Streamed
from reseal.slots import StreamKeys

__all__ = ["Segments", "read", "read_rounds"]


class Segments(Source, Protocol):
    """A source that gives whole segments and hashes them: ``root`` is the ct_root of those since it was last asked."""

    clear: memoryview
    """Room for the plaintext of one."""

    def make_room(self, size: int) -> None:
        """In memory, for so many bytes of plaintext."""

    def segment(self, size: int) -> memoryview: ...

    def root(self) -> bytes: ...

    def close(self) -> None: ...


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
    read_rounds(Streamed(source), 16 + len(core) + len(slots), core, footer, keys, accept)


def read_rounds(
    source: Segments,
    offset: int,
    core: bytes,
    footer: bytes,
    keys: StreamKeys,
    accept: Callable[[memoryview, bool], None],
) -> None:
    """As :func:`read`, of a source that was read up to ``offset``, where the rounds begin."""
    expected = check_footer(core, footer, keys)
    source.make_room(sum(plain for _, plain, _ in expected.rounds))
    digest = sha256(core)
    try:
        rounds: list[tuple[int, int, bytes]] = []
        while True:
            mark = exactly(source, 1)[0]
            if mark == FOOTER_MARK:
                break
            if mark != ROUND_MARK:
                raise Refused("MARK", f"mark {mark:02x} where a round or the footer should begin")
            place = int.from_bytes(exactly(source, 4), "big")
            if place != len(rounds) or place >= ROUNDS:
                raise Refused("MARK", f"round {place} where round {len(rounds)} should be")
            offset += 5
            segments, plain, size = _round(source, *keys.round(digest, place), accept)
            rounds.append((segments, plain, source.root()))
            offset += size
    finally:
        source.close()
    found = exactly(source, length(source, FOOTER, "footer"))
    trailer = exactly(source, 16)
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
    source: Segments, key: bytes, prefix: bytes, accept: Callable[[memoryview, bool], None]
) -> tuple[int, int, int]:
    """Segments, plaintext bytes and bytes in the file."""
    cipher = AESGCM(key)
    clear = source.clear
    segments = plain = size = 0
    last = False
    while not last:
        mark = exactly(source, 1)[0]
        last = mark == LAST_MARK
        if not last and mark != SEGMENT_MARK:
            raise Refused("MARK", f"mark {mark:02x} where a segment should begin")
        size_here = int.from_bytes(exactly(source, 4), "big")
        least = TAG if segments == 0 else TAG + 1
        if not (least <= size_here <= SEGMENT + TAG if last else size_here == SEGMENT + TAG):
            raise Refused("LENGTH", f"segment {segments} of {size_here} bytes")
        sealed = source.segment(size_here)
        content = clear[: size_here - TAG]
        try:
            cipher.decrypt_into(prefix + u32(segments) + (b"\1" if last else b"\0"), sealed, None, content)
        except InvalidTag:
            raise Refused("SEGMENT", f"segment {segments} is not authentic") from None
        accept(content, last)
        segments += 1
        plain += len(content)
        size += 5 + size_here
    return segments, plain, size
