"""The container that will probably be granted, read while evidence and grant are on their way (transport T3)."""

from __future__ import annotations

import functools
import hashlib
import threading

from reseal import _launch
from reseal.errors import Refused
from reseal.framing import LAST_MARK, ROUND_MARK, ROUNDS, SEGMENT, SEGMENT_MARK, TAG
from reseal.hashes import sha256
from reseal.link import Link, LinkError
from reseal.memory import buffers, grow_heap, one_heap

__all__ = ["Ahead", "Held", "launched"]

ROOM = 16 << 20


class Held:
    """A container in memory: a source like the stream of one, whose segments need no copy."""

    def __init__(self, content: memoryview) -> None:
        self.content = content
        self._digests = _digests(content)
        self._at = 0
        self._round: list[bytes] = []
        self.clear = buffers(1, SEGMENT)[0]

    def make_room(self, size: int) -> None:
        """Was made while the content was read."""

    def readinto(self, target: memoryview, /) -> int:
        part = self.content[self._at : self._at + len(target)]
        target[: len(part)] = part
        self._at += len(part)
        return len(part)

    def segment(self, size: int) -> memoryview:
        begin = self._at
        sealed = self.content[begin : begin + size]
        if len(sealed) < size:
            raise Refused("TRUNCATED", f"the container ends {size - len(sealed)} bytes early")
        self._at += size
        self._round.append(self._digests.get((begin, size)) or hashlib.sha256(sealed).digest())
        return sealed

    def root(self) -> bytes:
        digest = sha256(*self._round)
        self._round.clear()
        return digest

    def close(self) -> None:
        """Nothing runs."""


def _digests(content: memoryview) -> dict[tuple[int, int], bytes]:
    """SHA-256 of what looks like a segment, by offset and size; where nothing does any more, the walk ends."""
    found: dict[tuple[int, int], bytes] = {}
    at = 8
    for _ in ("core", "slots"):
        at += 4 + int.from_bytes(content[at : at + 4], "big")
    rounds = 0
    while at + 5 <= len(content) and rounds <= ROUNDS:
        mark, size = content[at], int.from_bytes(content[at + 1 : at + 5], "big")
        at += 5
        if mark == ROUND_MARK:
            continue
        if mark not in (SEGMENT_MARK, LAST_MARK) or (mark == SEGMENT_MARK and size != SEGMENT + TAG):
            break
        found[at, size] = hashlib.sha256(content[at : at + size]).digest()
        at += size
        rounds += mark == LAST_MARK
    return found


class Ahead:
    """Decides nothing: it counts only if the grant names this body, and is then checked like any stream.

    ``body`` is the hex of a body_id as the host advises it, or empty. A container of more than ``ROOM``
    bytes is left to the stream.
    """

    def __init__(self, link: Link, body: str = "") -> None:
        self.link = link
        self._body = body
        self._reading: tuple[threading.Thread, list[Held]] | None = None

    def begin(self) -> None:
        if len(self._body) == 64 and set(self._body) <= set("0123456789abcdef"):
            into: list[Held] = []
            thread = threading.Thread(target=self._read, args=(into,), name="reseal-ahead", daemon=True)
            self._reading = thread, into
            thread.start()

    def take(self, body: bytes) -> Held | None:
        """What was read, once; None if it is another container, which nobody keeps, or not whole."""
        reading, self._reading = self._reading, None
        if reading is None or body.hex() != self._body:
            return None
        thread, into = reading
        thread.join()
        return into[0] if into else None

    def _read(self, into: list[Held]) -> None:
        try:
            with self.link.get(f"/container/{self._body}") as download:
                size = int(download.response.headers.get("content-length", "0"))
                if download.response.status != 200 or not 0 < size <= ROOM:
                    return
                into.append(Held(download.fill(buffers(1, size)[0])))
                grow_heap(size, ahead=True)
        except (LinkError, Refused):
            return  # the grant's own download says what is wrong


@functools.cache
def launched() -> Ahead:
    """Of the instance that the boot stub left; begins at the first call, which is better early."""
    one_heap()
    advice = _launch.advice
    ahead = Ahead(Link(advice.get("endpoint", "")), advice.get("container", ""))
    ahead.begin()
    return ahead
