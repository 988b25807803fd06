"""One client of the crash matrix, a process of its own: commands on standard input, one JSON answer each.

It appends one update after another to its chain and never gives one up: an update whose fate is unknown is sent again under the
same ``Idempotency-Key`` until it is answered. So after every answer it knows what the chain must be. A chain that fits an earlier
point of its history instead says which suffix is gone; one that fits none is wrong, whatever happened.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

from reseal.client import EMULATED, AttestedClient, Memory, Policy, Refused, Response
from reseal.errors import ResealError
from reseal.messages import FLAG_DEMO_POLICY, FLAG_GENERATION_LAGGING, FLAG_TAKEOVER
from world import Patience

PAUSE_S = 0.05
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Link:
    """What the service said after one update: how many of ours, the chain over them, how many of all clients."""

    n: int
    chain: str
    all: int


@dataclass
class Finding:
    """``gone``: acknowledged updates that a later answer does not contain; always the newest ones, else it is ``wrong``."""

    requests: int = 0
    acknowledged: int = 0
    gone: int = 0
    kept_to: int = 0
    gone_from: int = 0
    wrong: int = 0
    notes: list[str] = field(default_factory=list)


class History:
    """What was acknowledged, oldest first, and what each new answer says about it."""

    def __init__(self) -> None:
        self.links = [Link(0, "", 0)]
        self.finding = Finding()

    def appended(self, body: bytes, said: Link) -> None:
        """The answer to an update: it joins the newest link, or an older one if a suffix is gone."""
        self.finding.acknowledged += 1
        for at in range(len(self.links) - 1, -1, -1):
            if self.joined(self.links[at], body) == said.chain and self.links[at].n + 1 == said.n:
                self._cut(at)
                if said.all <= self.links[-1].all:
                    self._wrong(f"update {said} does not come after {self.links[-1]}")
                self.links.append(said)
                return
        self._wrong(f"the answer {said} joins nothing that was acknowledged; newest {self.links[-1]}")
        self.links.append(said)

    def seen(self, said: Link) -> None:
        """A read without an update under way: the newest link, or an older one if a suffix is gone."""
        for at in range(len(self.links) - 1, -1, -1):
            if self.links[at] == said:
                self._cut(at)
                return
        self._wrong(f"read {said}, which was never acknowledged; newest {self.links[-1]}")

    @staticmethod
    def joined(link: Link, body: bytes) -> str:
        return hashlib.sha256(link.chain.encode() + body).hexdigest()

    def _cut(self, at: int) -> None:
        gone = self.links[at + 1 :]
        if gone:
            self.finding.gone += len(gone)
            self.finding.gone_from = min(self.finding.gone_from or gone[0].all, gone[0].all)
            self.finding.kept_to = max(self.finding.kept_to, self.links[at].all)
            del self.links[at + 1 :]

    def _wrong(self, note: str) -> None:
        self.finding.wrong += 1
        if len(self.finding.notes) < 5:
            self.finding.notes.append(note)


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
        self.client = AttestedClient(given["url"], policy, Memory(given["memory"]), connect_within_s=5.0)
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
        found, self.history.finding = self.history.finding, Finding()
        return asdict(found)

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
            self.history.appended(body, Link(**answer))

    def _read(self) -> None:
        answer = self._until_answered(lambda: self.client.get(f"/chain?client={self.name}"), "read")
        if answer is not None:
            self.history.seen(Link(**answer))

    def _until_answered(self, call: Any, what: str) -> dict[str, Any] | None:
        patience = Patience(PATIENCE_S)
        last = "nothing was tried"
        while not patience.over():
            self.history.finding.requests += 1
            try:
                response: Response = call()
            except ResealError as fault:
                if isinstance(fault, Refused) and fault.rule != "PASSPORT_EXPIRED":
                    self.history._wrong(f"{what}: {fault}")
                    return None
                last = str(fault)
                time.sleep(PAUSE_S)
                continue
            if response.status == 200:
                return dict(json.loads(response.body))
            last = f"status {response.status}: {response.body[:80]!r}"
            time.sleep(PAUSE_S)
        self.history._wrong(f"{what}: not answered within {PATIENCE_S:g} s: {last}")
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
