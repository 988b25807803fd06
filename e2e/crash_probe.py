"""A client that asks all the time, and how long the service was silent."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time

from crash_eyes import Row
from crash_world import CrashWorld
from reseal.errors import ResealError


class Probe:
    """Asks the service all the time and keeps when it answered; silence after a crash is measured from this."""

    def __init__(self, world: CrashWorld, lineage: str) -> None:
        self._world = world
        self._lineage = lineage
        self._stop = threading.Event()
        self.answers: list[float] = []
        self.stalled_s = 0.0
        """The longest time in which the driver itself did not run: then the machine was busy or stopped, not the service."""
        self.waits: list[tuple[float, Row]] = []
        self._client = world.attested(lineage, 0.2)
        self._threads = [threading.Thread(target=each) for each in (self._ask, self._watch, self._beat)]
        for each in self._threads:
            each.start()

    def end(self) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()
        self._client.close()

    def _ask(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(ResealError):
                if self._client.get("/chain?client=probe").status == 200:
                    self.answers.append(time.time())
            self._stop.wait(0.04)

    def _watch(self) -> None:
        """When a takeover could pass, as the authority says it while it is waited for."""
        while not self._stop.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                row = self._world.row(self._lineage)
                self.waits.append((time.time(), row))
            self._stop.wait(0.1)

    def _beat(self) -> None:
        before = time.monotonic()
        while not self._stop.wait(0.05):
            now = time.monotonic()
            self.stalled_s = max(self.stalled_s, now - before - 0.05)
            before = now


def own_time(gap: tuple[float, float], excused: list[tuple[float, float]]) -> float:
    """Seconds of the gap that no excused interval covers."""
    begin, end = gap
    covered, at = 0.0, begin
    for low, high in sorted(excused):
        low, high = max(low, at), min(high, end)
        if high > low:
            covered += high - low
            at = high
    return end - begin - covered
