"""Who is inside: requests in flight, answers that are kept, acknowledgements that are held back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Protocol

from reseal import cbor
from reseal.errors import Refused, say
from reseal.http1 import plain
from reseal.records import Key, frame, store_head, value_of
from reseal.server import Answer, Conflict, Retryable
from reseal.state import Ledger

__all__ = ["ANSWERS", "Gate", "Pace"]

ANSWERS = "reseal/answers"
ANSWERS_KEPT = 10_000


class Pace(Protocol):
    """How far acknowledgements may run ahead of the registered head (protocol 8, RPO)."""

    def rpo_updates(self) -> int | None:
        """None means unbounded."""

    def want_checkpoint(self) -> None: ...


class _Door(Enum):
    OPEN = auto()
    PARKED = auto()
    SHUT = auto()


class Gate:
    """Counts requests, and lets none in once the instance is about to lock."""

    def __init__(self, ledger: Ledger, pace: Pace) -> None:
        self._ledger = ledger
        self._pace = pace
        self._head = store_head(ANSWERS)
        self._changed = threading.Condition()
        self._mine = threading.local()
        self._door = _Door.SHUT
        self._inside = 0
        self._holding = 0
        self._acked = 0
        self._keyed: set[str] = set()
        self._copying = False

    def open(self) -> None:
        self._set(_Door.OPEN)

    def park(self) -> None:
        """Who comes from now on waits for :meth:`open` or :meth:`close`."""
        self._set(_Door.PARKED)

    def close(self) -> None:
        """From now on nobody enters, and who waits for an acknowledgement learns that it never comes."""
        self._set(_Door.SHUT)

    def _set(self, door: _Door) -> None:
        with self._changed:
            self._door = door
            self._changed.notify_all()

    # -- server.Hooks

    def enter(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._door is not _Door.PARKED)
            admitted = self._door is _Door.OPEN
            self._mine.inside = admitted
            self._inside += admitted
            return admitted

    def leave(self) -> None:
        with self._changed:
            if self._mine.inside:
                self._inside -= 1
                self._mine.inside = False
            self._done_keyed()
            self._changed.notify_all()

    def hold(self) -> None:
        """Waits until at most ``rpo_updates`` of the updates made so far are newer than the registered head.

        Whoever made them: what this request read, or did by another thread, is acknowledged with it.
        """
        rpo = self._pace.rpo_updates()
        if rpo is None:
            return
        updates = self._ledger.updates
        covered = updates - rpo
        with self._changed:
            if rpo and updates - self._acked > rpo // 2:
                self._pace.want_checkpoint()
            if self._acked >= covered:
                return
            self._inside -= 1
            self._mine.inside = False
            self._holding += 1
            self._done_keyed()
            self._changed.notify_all()
            try:
                while self._acked < covered:
                    if self._door is _Door.SHUT:
                        raise Retryable("UNKNOWN")
                    self._pace.want_checkpoint()
                    self._changed.wait(1.0)
            finally:
                self._holding -= 1

    def answer(self, key: str, fingerprint: bytes) -> Answer | None:
        """The kept answer of an ``Idempotency-Key``; waits while the same key is being answered."""
        with self._changed:
            while key in self._keyed or self._copying:
                if not self._changed.wait(60.0):
                    raise Retryable("UNKNOWN")
            framed = self._ledger.stores[ANSWERS].get(key)
            if framed is None:
                self._keyed.add(key)
                self._mine.key = key
                return None
        kept, status, headers, body = cbor.decode_value(value_of(framed, self._head))
        if kept != fingerprint:
            raise Conflict("this Idempotency-Key belongs to another request")
        return Answer(status, [(name, value) for name, value in headers], body)

    def keep(self, key: str, fingerprint: bytes, answer: Answer) -> Answer:
        """Keeps an answer inside the sealed state, unless it is a failure; what the client is answered.

        One that cannot be kept is replaced by a short one that can: a repeat must not be carried out again.
        """
        try:
            if answer.status.startswith("5"):
                return answer
            try:
                self._keep(key, fingerprint, answer)
            except Refused as refused:
                say(f"an answer that cannot be kept: {refused}")
                answer = plain(500, f"carried out, but its answer cannot be kept under its Idempotency-Key: {refused}")
                self._keep(key, fingerprint, answer)
            return answer
        finally:
            with self._changed:
                self._done_keyed()
                self._changed.notify_all()

    def _keep(self, key: str, fingerprint: bytes, answer: Answer) -> None:
        """The oldest go when there are too many, or too little room."""
        value = cbor.encode_value([fingerprint, answer.status, [list(each) for each in answer.headers], answer.body])
        with self._ledger.lock:
            held = self._ledger.stores[ANSWERS]
            changes: dict[Key, bytes | None] = {key: value}
            count = len(held) + 1
            missing = len(frame(self._head, key, cbor.MAX_INT, value)) - self._ledger.room
            for oldest, framed in held.items():
                if count <= ANSWERS_KEPT and missing <= 0:
                    break
                changes[oldest] = None
                count -= 1
                missing -= len(framed)
            self._ledger.write(ANSWERS, self._head, changes)

    def _done_keyed(self) -> None:
        key = getattr(self._mine, "key", None)
        if key is not None:
            self._keyed.discard(key)
            self._mine.key = None

    # -- what the runtime asks

    @contextmanager
    def between_answers(self, patience_s: float) -> Iterator[None]:
        """While no request with an ``Idempotency-Key`` is between its writes and its kept answer, so that
        a copy of the state holds both or neither."""
        deadline = time.monotonic() + patience_s
        with self._changed:
            self._copying = True
            try:
                while self._keyed:
                    if not self._changed.wait(deadline - time.monotonic()):
                        raise Refused("BUSY", f"requests with an Idempotency-Key run longer than {patience_s} s")
            except BaseException:
                self._copying = False
                self._changed.notify_all()
                raise
        try:
            yield
        finally:
            with self._changed:
                self._copying = False
                self._changed.notify_all()

    def holding(self) -> bool:
        return self._holding > 0

    def acknowledged(self, updates: int) -> None:
        with self._changed:
            self._acked = max(self._acked, updates)
            self._changed.notify_all()

    def empty(self, deadline: float, then: Callable[[], bool]) -> bool:
        """Admits nobody, waits until nobody is inside, and closes unless ``then`` says no.

        After a False who came meanwhile still waits, until :meth:`open`.
        """
        self.park()
        with self._changed:
            while self._inside:
                if not self._changed.wait(deadline - time.monotonic()):
                    return False
        if not then():
            return False
        self.close()
        return True
