"""Writing a container as a stream (protocol 5.1, 5.4)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reseal.errors import Refused
from reseal.framing import END, MAGIC, SEGMENT, TAG
from reseal.hashes import sha256, u32, u64
from reseal.rsc1 import Body, Footer
from reseal.segments import Roots
from reseal.slots import StreamKeys

__all__ = ["Sealing", "fresh"]


def fresh() -> tuple[bytes, bytes]:
    """Salt and DEK of a new container."""
    return os.urandom(32), os.urandom(32)


class Sealing:
    """Writes one container as a stream of chunks; used once, then :attr:`body` says what it was.

    A container that could not be stored whole is abandoned: the next try is another ``Sealing`` with
    fresh core, salt and DEK, since no segment may be encrypted twice.
    """

    def __init__(self, core: bytes, slots: bytes, keys: StreamKeys) -> None:
        self._core, self._slots, self._keys = core, slots, keys
        self._digest = sha256(core)
        self._roots = Roots()
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
            for chunk, last in _segments(records, self._roots.clear[:SEGMENT]):
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


def _segments(records: Iterable[bytes], buffer: memoryview) -> Iterator[tuple[memoryview, bool]]:
    """Cuts the records of a round into segments: the last one is flagged, and empty only if all is.

    A segment is valid until the next one is asked for.
    """
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
