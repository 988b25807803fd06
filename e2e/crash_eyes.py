"""What a world looks like from outside: the authority's row, the supervisor's word, the end of an operation."""

from __future__ import annotations

import pathlib
import socket
import threading
from dataclasses import dataclass
from typing import Any

import frames


@dataclass(frozen=True)
class Row:
    """What the authority says about a lineage (transport T5)."""

    state: str
    epoch: int
    fence: int
    gen: int
    kind: int
    wait_ms: int
    target: list[Any]
    """The active instance's measurement, product, version and platform, as a request names it."""
    policy: bytes
    retirable: tuple[list[bytes], list[int]]
    """Wrap ids and generations."""

    @classmethod
    def of(cls, status: dict[int, Any]) -> Row:
        target = [status[9], status[28], status[29], status[30], status[27]]
        retirable = (status[25], status[26])
        return cls(status[2], status[3], status[4], status[5], status[6], status[19], target, status[16], retirable)


@dataclass(frozen=True)
class Local:
    """What the supervisor says about itself (transport T6)."""

    situation: str
    phase: str
    port: int
    instances: list[tuple[str, str, int]]
    """Handle, state, pid."""


class Asked:
    """Something that a supervisor was asked for, on a thread that waits for its end."""

    def __init__(self, control: pathlib.Path, *words: Any) -> None:
        self.end = ""
        self.done = False
        self._control = control
        self._words = list(words)
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def answered(self) -> bool:
        """Also when the supervisor ended: then it is known not to have been told."""
        return not self._thread.is_alive()

    def _wait(self) -> None:
        try:
            with socket.socket(socket.AF_UNIX) as stream:
                stream.connect(str(self._control))
                frames.write(stream, self._words)
                while not self.end:
                    code, word, *rest = frames.read(stream)
                    if code != 0 or word == "done":
                        self.end = f"{code} {word} {rest}"
                        self.done = code == 0 and rest[0][2] == "DONE"
        except OSError as gone:
            self.end = f"the supervisor ended: {gone}"
