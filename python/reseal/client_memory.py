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

    A file that cannot be read or written is refused (rule ``MEMORY``): who forgets can be shown an older owner.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = None if path is None else pathlib.Path(path)
        self._lock = threading.Lock()
        self._floors: dict[bytes, Floor] = {}
        if self._path is not None:
            self._floors = _read(self._path)

    def floor(self, lineage: bytes) -> Floor:
        """The newest that anybody has seen who shares this memory."""
        with self._lock:
            if self._path is not None:
                self._floors = _merged(_read(self._path), self._floors)
            return self._floors.get(lineage, Floor())

    def saw(self, lineage: bytes, seen: Floor) -> Floor:
        """Rises to what was seen, never falls; durable when this returns.

        Returns the newest of all: others may have seen what is newer, and then this was shown an older owner.
        """
        with self._lock:
            if self._path is None:
                self._floors = _merged(self._floors, {lineage: seen})
            else:
                self._floors = self._kept(self._path, {lineage: seen})
            return self._floors[lineage]

    def _kept(self, path: pathlib.Path, seen: dict[bytes, Floor]) -> dict[bytes, Floor]:
        try:
            with (path.parent / f"{path.name}.lock").open("wb") as guard:
                fcntl.flock(guard, fcntl.LOCK_EX)
                on_file = _read(path)
                newest = _merged(on_file, self._floors, seen)
                if newest != on_file:
                    _write(path, newest)
                _sync(path.parent)  # also for a writer who died before he did
                return newest
        except OSError as fault:
            raise Refused("MEMORY", f"{path} was not written ({fault}); nothing is trusted before it is") from fault


def _merged(*known: dict[bytes, Floor]) -> dict[bytes, Floor]:
    newest: dict[bytes, Floor] = {}
    for floors in known:
        for lineage, floor in floors.items():
            held = newest.setdefault(lineage, floor)
            if held != floor:
                newest[lineage] = _highest(held, floor)
    return newest


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
    except OSError as fault:
        raise Refused("MEMORY", f"{path} cannot be read ({fault}); make it readable") from fault
    try:
        return {lineage: Floor(*rest) for lineage, *rest in _ROWS(cbor.decode(content), "memory")}
    except Refused as fault:
        raise Refused("MEMORY", f"{path} is damaged ({fault}); restore it, or delete it to trust anew") from None


def _write(path: pathlib.Path, floors: dict[bytes, Floor]) -> None:
    rows = [[lineage, *floor] for lineage, floor in sorted(floors.items())]
    try:
        _ROWS(rows, "memory")
    except Refused as fault:
        raise Refused("MEMORY", f"{path} would not be read again ({fault}); give some lineages another path") from None
    fresh = path.with_name(f"{path.name}.tmp")
    with fresh.open("wb") as out:
        out.write(cbor.encode(rows))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


def _sync(folder: pathlib.Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
