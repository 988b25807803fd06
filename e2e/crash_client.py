"""One client of the crash matrix.

It appends one update after another to its chain and never gives one up: an update whose fate is unknown is sent again under the
same ``Idempotency-Key`` until it is answered. So after every answer it knows what the chain must be (``crash_history.py``).
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

from crash_history import History, Link
from crowd_member import Member, obey
from reseal.client import Refused, Response
from reseal.errors import ResealError
from reseal.messages import FLAG_GENERATION_LAGGING, FLAG_TAKEOVER
from world import Patience

PATIENCE_S = 60.0


class ChainClient(Member):
    accepts = FLAG_GENERATION_LAGGING | FLAG_TAKEOVER
    connect_within_s = 5.0
    rest_s = 0.05

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.history = History()
        self._sent = 0

    def _told(self) -> dict[str, Any]:
        """Whatever was found since the last time, a last read included."""
        self._read()
        return asdict(self.history.told())

    def _turn(self, turn: int) -> None:
        self._append()
        if self._sent % 3 == 0:
            self._read()

    def _append(self) -> None:
        self._sent += 1
        body = f"{self.name} {self._sent}".encode()
        key = f"{self.name}-{self._sent}"
        target = f"/append?client={self.name}"
        answer = self._until_answered(lambda: self.client.post(target, body, idempotency_key=key), key)
        if answer is not None:
            self.history.appended(body, Link(**answer), self._epoch())

    def _read(self) -> None:
        answer = self._until_answered(lambda: self.client.get(f"/chain?client={self.name}"), "read")
        if answer is not None:
            total = answer.pop("total")
            self.history.seen(Link(**answer), total, self._epoch())

    def _epoch(self) -> int:
        """Of the passport under which the newest answer came: one call at a time, so it is the newest that was seen."""
        return self.memory.floor(self.lineage).epoch

    def _until_answered(self, call: Any, what: str) -> dict[str, Any] | None:
        patience = Patience(PATIENCE_S)
        last = "nothing was tried"
        while not patience.over():
            self.history.finding.requests += 1
            try:
                response: Response = call()
            except ResealError as fault:
                if isinstance(fault, Refused) and fault.rule != "PASSPORT_EXPIRED":
                    self.history.note(f"{what}: {fault}")
                    return None
                last = str(fault)
                time.sleep(self.rest_s)
                continue
            if response.status == 200:
                return dict(json.loads(response.body))
            last = f"status {response.status}: {response.body[:80]!r}"
            time.sleep(self.rest_s)
        self.history.note(f"{what}: not answered within {PATIENCE_S:g} s: {last}")
        return None


if __name__ == "__main__":
    obey(ChainClient)
