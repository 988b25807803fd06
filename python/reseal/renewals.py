"""When the passport of an instance is renewed: on a thread of its own, so that a long seal cannot outlast it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Renewals"]

AGAIN_S = 0.25


class Renewals:
    """``renew`` says whether nothing came in its way; it is called again until nothing does."""

    def __init__(self, renew: Callable[[], bool]) -> None:
        self._renew = renew
        self._changed = threading.Condition()
        self._at: float | None = None
        self._missed = False
        self._over = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="reseal-renew", daemon=True).start()

    def stop(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def plan(self, life_ms: int) -> None:
        """After a third of the life of the newest passport."""
        with self._changed:
            self._at = time.monotonic() + life_ms / 3000
            self._changed.notify_all()

    def now_if_missed(self) -> None:
        """A supervisor that is back need not wait for the next attempt: a passport may be about to end."""
        with self._changed:
            if self._missed and self._at is not None:
                self._at = time.monotonic()
                self._changed.notify_all()

    def _run(self) -> None:
        while self._due():
            self._missed = True
            if self._renew():
                self._missed = False

    def _due(self) -> bool:
        """Waits for the time of the next one; False when there is none any more."""
        with self._changed:
            while not self._over:
                left = None if self._at is None else self._at - time.monotonic()
                if left is not None and left <= 0:
                    self._at = time.monotonic() + AGAIN_S
                    return True
                self._changed.wait(left)
            return False
