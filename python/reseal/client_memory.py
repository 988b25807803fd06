"""The newest owner that a relying party has seen of each lineage, kept across restarts (protocol 14.3)."""

from __future__ import annotations

import fcntl
import os
import pathlib
import threading

from reseal import cbor
from reseal.client_checks import LOG_HEAD_MAX, Floor, remembered
from reseal.errors import Refused
from reseal.fields import blob, fixed, listed, nullable, number, row

__all__ = ["Memory"]

_ROWS = listed(row(fixed(16), number(), number(), number(), nullable(blob(LOG_HEAD_MAX))), 0, 1024)


class Memory:
    """Shared by any number of clients; with a ``path``, also by processes and by the next start.

    A file that cannot be read is refused (rule ``MEMORY``): who forgets can be shown an older owner.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = None if path is None else pathlib.Path(path)
        self._lock = threading.Lock()
        self._floors: dict[bytes, Floor] = {}
        if self._path is not None:
            self._floors = _read(self._path)

    def floor(self, lineage: bytes) -> Floor:
        with self._lock:
            return self._floors.get(lineage, Floor())

    def saw(self, lineage: bytes, seen: Floor) -> None:
        """Rises to what was seen, never falls; durable when this returns."""
        with self._lock:
            if _highest(self._floors.get(lineage, Floor()), seen) == self._floors.get(lineage):
                return
            if self._path is None:
                self._rise(lineage, seen)
                return
            with (self._path.parent / f"{self._path.name}.lock").open("wb") as guard:
                fcntl.flock(guard, fcntl.LOCK_EX)
                for each, floor in _read(self._path).items():
                    self._rise(each, floor)
                self._rise(lineage, seen)
                _write(self._path, self._floors)

    def _rise(self, lineage: bytes, seen: Floor) -> None:
        self._floors[lineage] = _highest(self._floors.get(lineage, Floor()), seen)


def _highest(one: Floor, other: Floor) -> Floor:
    newest = max((one.log_head, other.log_head), key=_seq)
    return Floor(max(one.epoch, other.epoch), max(one.fence, other.fence), max(one.gen, other.gen), newest)


def _seq(log_head: bytes | None) -> int:
    return -1 if log_head is None else remembered(log_head).seq


def _read(path: pathlib.Path) -> dict[bytes, Floor]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    try:
        return {lineage: Floor(*rest) for lineage, *rest in _ROWS(cbor.decode(content), "memory")}
    except Refused as fault:
        raise Refused("MEMORY", f"{path} is damaged ({fault}); restore it, or delete it to trust anew") from None


def _write(path: pathlib.Path, floors: dict[bytes, Floor]) -> None:
    content = cbor.encode([[lineage, *floor] for lineage, floor in sorted(floors.items())])
    fresh = path.with_name(f"{path.name}.tmp")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
