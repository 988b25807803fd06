"""What a lineage's states covered: each container that was activated, as the authority's log has it and the application counted it.

The log says which container every epoch began with, and whether by a takeover; the application said, before anything was signed about
that container, how many updates of all clients it holds (``e2e/chain/holds.py``). So whatever a client lost or kept can be compared with
the newest state that the authority had acknowledged.
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass

from reseal import cbor, cose
from world import WorldError

ATTEMPTS = 20
ENTRY_MAX = 1 << 20
WAL_HEAD = 32
"""The first bytes of SQLite's write-ahead log change when it is begun anew."""


@dataclass(frozen=True)
class Restored:
    """The state that an epoch began with."""

    epoch: int
    takeover: bool
    body: str
    covers: int
    """So many updates of all clients; those that were acknowledged before and are newer may be gone after a takeover."""


class States:
    """Every state that one lineage was activated with, read further whenever it is asked."""

    def __init__(self, home: pathlib.Path, name: str, lineage: str) -> None:
        self._register = home / "authority" / "register.db"
        self._instances = home / "lineages" / name / "instances"
        self._lineage = bytes.fromhex(lineage)
        self._seq = 0
        self._takeovers: set[bytes] = set()
        self._activated: list[tuple[int, bool, str]] = []
        self._read: dict[pathlib.Path, int] = {}
        self._holds: dict[str, int] = {}

    def all(self) -> list[Restored]:
        """Oldest first; ``WorldError`` if a container was activated that the application never spoke of."""
        for seq, entry in _log(self._register, self._seq):
            self._seq = seq
            self._event(cbor.decode(cbor.decode(cose.parse(entry, ENTRY_MAX).payload)[12]))
        self._listen()
        unknown = [body for _, _, body in self._activated if body not in self._holds]
        if unknown:
            raise WorldError(f"the application never said what container {unknown[0]} holds, which was activated")
        return [Restored(epoch, takeover, body, self._holds[body]) for epoch, takeover, body in self._activated]

    def _event(self, event: dict[int, object]) -> None:
        name, lineage, op_id, epoch, body = (event[key] for key in (1, 2, 3, 5, 9))
        if lineage != self._lineage:
            return
        assert isinstance(op_id, bytes) and isinstance(epoch, int)
        if name == "takeover":
            self._takeovers.add(op_id)
        elif name == "activate":
            assert isinstance(body, bytes)
            self._activated.append((epoch, op_id in self._takeovers, body.hex()))

    def _listen(self) -> None:
        for log in self._instances.glob("*/stderr.log"):
            with log.open("rb") as lines:
                lines.seek(self._read.get(log, 0))
                for line in lines:
                    if not line.endswith(b"\n"):
                        break  # it is still being written
                    self._read[log] = self._read.get(log, 0) + len(line)
                    if line.startswith(b"holds "):
                        _, body, count = line.decode().split()
                        self._holds[body] = int(count)


def _log(register: pathlib.Path, after: int) -> list[tuple[int, bytes]]:
    """Of a copy, since the authority locks its register for as long as it lives."""
    with tempfile.TemporaryDirectory() as folder:
        copy = _copied(register, pathlib.Path(folder))
        with contextlib.closing(sqlite3.connect(copy)) as database:
            return database.execute("select seq, entry from log where seq > ? order by seq", (after,)).fetchall()


def _copied(register: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Pages that are moved from the write-ahead log meanwhile are in that log too, unless it was begun anew."""
    ahead = register.with_name(register.name + "-wal")
    for _ in range(ATTEMPTS):
        before = _head(ahead)
        for each in (register, ahead):
            (folder / each.name).unlink(missing_ok=True)
            if each.exists():
                shutil.copyfile(each, folder / each.name)
        if _head(ahead) == before:
            return folder / register.name
    raise WorldError(f"the write-ahead log of {register} was begun anew during each of {ATTEMPTS} copies")


def _head(ahead: pathlib.Path) -> bytes:
    if not ahead.exists():
        return b""
    with ahead.open("rb") as content:
        return content.read(WAL_HEAD)
