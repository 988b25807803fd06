"""Segments on their way: encrypted here, hashed by two threads (protocol 5.4, 5.5)."""

from __future__ import annotations

import hashlib
import queue
import threading

from reseal.framing import SEGMENT, TAG, Source, fill
from reseal.hashes import sha256
from reseal.memory import buffers, grow_heap

__all__ = ["Roots", "Streamed"]

BUFFERS = 4

_spare: list[list[memoryview]] = []
"""Of the last container, for the next one: the pages are there already."""


class Roots:
    """SHA-256 of the SHA-256 of each segment, with one more thread hashing while this one encrypts.

    hashlib lets go of the interpreter lock. The caller hashes itself when the other thread is behind,
    so that two cores share the work. Segments live in a few buffers that are used in turn; ``clear`` is
    one more, for the plaintext.
    """

    def __init__(self) -> None:
        self._room = _spare.pop() if _spare else buffers(BUFFERS + 1, SEGMENT + TAG)
        *self._buffers, self.clear = self._room
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
        room, self._room = self._room, []
        if room and not _spare:
            _spare.append(room)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            place, turn, ciphertext = job
            self._digests[place] = hashlib.sha256(ciphertext).digest()
            self._behind.release()
            self._busy[turn].release()


class Streamed:
    """Segments out of a stream."""

    def __init__(self, source: Source) -> None:
        self._roots = Roots()
        self.clear = self._roots.clear
        self.readinto = source.readinto
        self.root = self._roots.root
        self.close = self._roots.close
        self.make_room = grow_heap

    def segment(self, size: int) -> memoryview:
        sealed = fill(self, self._roots.buffer()[:size])
        self._roots.add(sealed)
        return sealed
