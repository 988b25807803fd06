"""One client of the demo: it reads and writes customers of its own, and reads all of them back after every operation."""

from __future__ import annotations

import json
import pathlib
import sys
import time
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from crowd_member import Member, obey
from ledger import Finding, Ledger, record
from reseal.client import Response
from reseal.errors import ResealError
from reseal.messages import FLAG_TAKEOVER

BATCH = 500


class CustomerClient(Member):
    accepts = FLAG_TAKEOVER
    connect_within_s = 40.0
    rest_s = 0.01

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.ledger = Ledger()
        self.ids = [f"{self.name}-{n:05d}" for n in range(given["records"])]
        self.killed_epoch = 0
        self.requests = self.failed = self.writes = 0
        self.slowest_s = 0.0
        self.first_answer: dict[int, float] = {}
        self.notes: list[str] = []

    def load(self) -> dict[str, Any]:
        for start in range(0, len(self.ids), BATCH):
            batch = {each: self.ledger.next() for each in self.ids[start : start + BATCH]}
            body = json.dumps({each: record(each, revision) for each, revision in batch.items()}).encode()
            key = f"load-{self.name}-{start}"
            response = self._ask(lambda body=body, key=key: self.client.post("/customers", body, idempotency_key=key))
            if response is not None:
                for each, revision in batch.items():
                    self.ledger.acknowledge(each, revision, self._epoch())
        return self._told()

    def run(self) -> dict[str, Any]:
        self.slowest_s = 0.0
        return super().run()

    def cover(self) -> dict[str, Any]:
        """While paused: the newest checkpoint has it all."""
        self.ledger.cover()
        return {}

    def newest_epoch(self) -> int:
        """Of an instance that has answered."""
        return max(self.first_answer, default=0)

    def verify(self, killed_epoch: int) -> dict[str, Any]:
        """Reads everything back; ``killed_epoch`` is 0 after a planned operation."""
        found: dict[str, Any] = {}
        after = ""
        while True:
            target = f"/customers?prefix={self.name}-&limit=1000&after={after}"
            response = self._ask(lambda target=target: self.client.get(target))
            if response is None:
                break
            page = json.loads(response.body)
            found.update(page)
            if len(page) < 1000:
                break
            after = max(page)
        finding = self.ledger.judge_killed(found, killed_epoch) if killed_epoch else self.ledger.judge_planned(found)
        if killed_epoch:
            self.killed_epoch = killed_epoch
        return {**self._told(), **self._found(finding), "read_back": len(found)}

    def billing(self) -> dict[str, Any]:
        response = self._ask(lambda: self.client.get("/billing"))
        return {} if response is None else dict(json.loads(response.body))

    def _turn(self, turn: int) -> None:
        self._write(self.ids[turn % len(self.ids)])
        self._read(self.ids[(turn * 7919) % len(self.ids)])

    def _write(self, customer_id: str) -> None:
        revision = self.ledger.next()
        body = json.dumps(record(customer_id, revision)).encode()
        if self._ask(lambda: self.client.put(f"/customers/{customer_id}", body)) is None:
            self.ledger.doubt(customer_id, revision)
        else:
            self.writes += 1
            self.ledger.acknowledge(customer_id, revision, self._epoch())

    def _read(self, customer_id: str) -> None:
        response = self._ask(lambda: self.client.get(f"/customers/{customer_id}"))
        if response is None or self._after_takeover():
            return
        if not self.ledger.acceptable(customer_id, json.loads(response.body)):
            self._fail(f"read of {customer_id} does not fit what was acknowledged")

    def _after_takeover(self) -> bool:
        """Between a takeover and the reading back, an older state is what the passport announces."""
        passport = self.client.passport
        return passport is not None and bool(passport.flags & FLAG_TAKEOVER) and self.killed_epoch == 0

    def _ask(self, call: Any) -> Response | None:
        self.requests += 1
        begun = time.monotonic()
        try:
            response: Response = call()
        except ResealError as fault:
            self._fail(str(fault))
            return None
        now = time.monotonic()
        self.slowest_s = max(self.slowest_s, now - begun)
        self.first_answer.setdefault(self._epoch(), now)
        if response.status >= 400:
            self._fail(f"status {response.status}: {response.body[:80]!r}")
            return None
        return response

    def _epoch(self) -> int:
        passport = self.client.passport
        return 0 if passport is None else passport.head.epoch

    def _fail(self, note: str) -> None:
        self.failed += 1
        if len(self.notes) < 5:
            self.notes.append(note)

    def _found(self, finding: Finding) -> dict[str, Any]:
        return {"lost": finding.lost, "beyond": finding.beyond, "wrong": finding.wrong, "findings": finding.notes}

    def _told(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "failed": self.failed,
            "retried": self.client.retried,
            "acknowledged": self.writes + len(self.ids),
            "slowest_ms": self.slowest_s * 1000,
            "first_answer": {str(epoch): at for epoch, at in self.first_answer.items()},
            "notes": self.notes,
        }


if __name__ == "__main__":
    obey(CustomerClient)
