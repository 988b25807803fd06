"""One client of the crash matrix, a process of its own: commands on standard input, one JSON answer each.

It appends one update after another to its chain and never gives one up: an update whose fate is unknown is sent again under the
same ``Idempotency-Key`` until it is answered. So after every answer it knows what the chain must be (``crash_history.py``).
"""

from __future__ import annotations

import json
import pathlib
import sys
import threading
import time
from dataclasses import asdict
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

from crash_history import History, Link
from reseal.client import EMULATED, AttestedClient, Memory, Policy, Refused, Response
from reseal.errors import ResealError
from reseal.messages import FLAG_DEMO_POLICY, FLAG_GENERATION_LAGGING, FLAG_TAKEOVER
from world import Patience

PAUSE_S = 0.05
PATIENCE_S = 60.0


class ChainClient:
    def __init__(self, given: dict[str, Any]) -> None:
        policy = Policy.of(
            given["authority_spki"],
            given["lineage"],
            [given["mrenclave"]],
            [EMULATED],
            accept_flags=FLAG_DEMO_POLICY | FLAG_GENERATION_LAGGING | FLAG_TAKEOVER,
            skew_ms=given["skew_ms"],
        )
        self.name: str = given["name"]
        self._lineage = policy.lineage
        self._memory = Memory(given["memory"])
        self.client = AttestedClient(given["url"], policy, self._memory, connect_within_s=5.0)
        self.history = History()
        self._sent = 0
        self._stop = threading.Event()
        self._worker: threading.Thread | None = None

    def run(self) -> dict[str, Any]:
        self._stop.clear()
        self._worker = threading.Thread(target=self._work)
        self._worker.start()
        return {}

    def pause(self) -> dict[str, Any]:
        """Ends the load with a read; what was found since the last time."""
        self._stop.set()
        if self._worker is not None:
            self._worker.join()
            self._worker = None
        self._read()
        return asdict(self.history.told())

    def _work(self) -> None:
        while not self._stop.is_set():
            self._append()
            if self._sent % 3 == 0:
                self._read()
            self._stop.wait(PAUSE_S)

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
        return self._memory.floor(self._lineage).epoch

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
                time.sleep(PAUSE_S)
                continue
            if response.status == 200:
                return dict(json.loads(response.body))
            last = f"status {response.status}: {response.body[:80]!r}"
            time.sleep(PAUSE_S)
        self.history.note(f"{what}: not answered within {PATIENCE_S:g} s: {last}")
        return None


def main() -> None:
    client = ChainClient(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        answer = getattr(client, verb)(*arguments)
        print(json.dumps(answer), flush=True)
    client.client.close()


if __name__ == "__main__":
    main()
