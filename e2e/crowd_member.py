"""The other end of the line protocol of ``crowd.py``: a client in a process of its own.

It trusts what it was given on its first line (the authority's key, the lineage, the measurement) and keeps to itself what it was
told since; the verdict on every operation is its own.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
from typing import Any

import relying
from reseal.client import AttestedClient, Memory


class Member:
    """Loads the service from ``run`` to ``pause``; every public method is a command."""

    accepts: int
    """Flags of a passport that are no reason to refuse it."""
    connect_within_s: float
    rest_s: float
    """Between two turns."""

    def __init__(self, given: dict[str, Any]) -> None:
        believed = relying.policy(given["authority_spki"], given["lineage"], given["mrenclave"], self.accepts)
        self.name: str = given["name"]
        self.lineage = believed.lineage
        self.memory = Memory(given["memory"])
        self.client = AttestedClient(given["url"], believed, self.memory, connect_within_s=self.connect_within_s)
        self._over = threading.Event()
        self._worker: threading.Thread | None = None

    def run(self) -> dict[str, Any]:
        self._over.clear()
        self._worker = threading.Thread(target=self._work)
        self._worker.start()
        return {}

    def pause(self) -> dict[str, Any]:
        """Ends the load; what is to be said of it."""
        self._over.set()
        if self._worker is not None:
            self._worker.join()
            self._worker = None
        return self._told()

    def _work(self) -> None:
        for turn in itertools.count():
            if self._over.is_set():
                return
            self._turn(turn)
            self._over.wait(self.rest_s)

    def _turn(self, turn: int) -> None:
        """What the load consists of; turns are counted from 0 since ``run``."""
        raise NotImplementedError

    def _told(self) -> dict[str, Any]:
        raise NotImplementedError


def obey(kind: type[Member]) -> None:
    """Commands on standard input, one JSON answer each."""
    member = kind(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        print(json.dumps(getattr(member, verb)(*arguments)), flush=True)
    member.client.close()
