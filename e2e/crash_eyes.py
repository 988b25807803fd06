"""What a world looks like from outside: the authority's row, the supervisor's word, the journal on disk, the end of an operation."""

from __future__ import annotations

import pathlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reseal import cbor

PHASE_QUIESCE, PHASE_CREATE = 4, 9


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


def read_frame(stream: socket.socket) -> Any:
    head = _exactly(stream, 4)
    return cbor.decode(_exactly(stream, struct.unpack(">I", head)[0]))


def write_frame(stream: socket.socket, content: Any) -> None:
    frame = cbor.encode(content)
    stream.sendall(struct.pack(">I", len(frame)) + frame)


def asked(path: pathlib.Path, verb: str) -> Any:
    """What a socket (transport T6, T7) answers to a verb; ``OSError`` when it does not."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(5)
        stream.connect(str(path))
        write_frame(stream, [verb])
        return read_frame(stream)[1]


def _exactly(stream: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        more = stream.recv(size - len(content))
        if not more:
            raise OSError("the supervisor closed the connection")
        content += more
    return content


def journal(path: pathlib.Path) -> Iterator[tuple[float, bytes, int, int]]:
    """Seconds, op_id, phase and edge of each entry (protocol 9.2); ends at the first torn one."""
    content = path.read_bytes() if path.exists() else b""
    at = 0
    while at + 8 <= len(content):
        size = struct.unpack_from(">I", content, at)[0]
        body = content[at + 8 : at + 8 + size]
        if size == 0 or len(body) < size:
            return
        _, wall_ms, _, op_id, phase, edge, _ = cbor.decode(body)
        yield wall_ms / 1000, op_id, phase, edge
        at += 8 + size


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
                write_frame(stream, self._words)
                while not self.end:
                    code, word, *rest = read_frame(stream)
                    if code != 0 or word == "done":
                        self.end = f"{code} {word} {rest}"
                        self.done = code == 0 and rest[0][2] == "DONE"
        except OSError as gone:
            self.end = f"the supervisor ended: {gone}"
