"""Client processes that keep their own ledgers, and the line protocol with them."""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from world import WorldError


def introduction(home: pathlib.Path, port: int, lineage: str, mrenclave: str) -> dict[str, Any]:
    """Where a service is, and whom and what its clients are to believe."""
    return {
        "url": f"https://127.0.0.1:{port}",
        "authority_spki": str(home / "public" / "authority.spki"),
        "lineage": lineage,
        "mrenclave": mrenclave,
    }


class Client:
    """A client process and the line protocol with it; ``given`` is an introduction and whatever else the program asks for."""

    def __init__(self, program: pathlib.Path, home: pathlib.Path, name: str, given: dict[str, Any]) -> None:
        command = [sys.executable, str(program)]
        self._log = home / "logs" / f"client-{name}.log"
        with self._log.open("wb") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self._send({**given, "name": name, "memory": str(home / f"client-{name}.seen")})

    def ask(self, verb: str, *arguments: Any) -> Callable[[], Any]:
        """Sends a command; the result waits for its answer."""
        self._send([verb, *arguments])
        return self._answer

    def close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, item: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(item) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise WorldError(f"a client ended: {self._log.read_text(errors='replace')[-2000:]}")
        return json.loads(line)


class Crowd:
    """All clients; each command goes to every one of them before the first answer is awaited."""

    def __init__(self, clients: list[Client]) -> None:
        self._clients = clients
        self._seen = {"requests": 0, "failed": 0, "retried": 0, "acknowledged": 0}
        self.notes: list[str] = []

    def ask(self, verb: str, *arguments: Any) -> list[Any]:
        return [wait() for wait in [each.ask(verb, *arguments) for each in self._clients]]

    def since(self, answers: list[Any]) -> dict[str, int]:
        """What was counted since the last call."""
        total = {name: sum(each[name] for each in answers) for name in self._seen}
        delta = {name: total[name] - self._seen[name] for name in total}
        self._seen = total
        for each in answers:
            self.notes += [note for note in (*each["notes"], *each.get("findings", ())) if note not in self.notes]
        return delta
