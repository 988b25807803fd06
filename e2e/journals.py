"""The journals of supervisors, as they lie on disk (protocol 9.2)."""

from __future__ import annotations

import enum
import pathlib
import struct
from collections.abc import Iterator
from typing import NamedTuple

from reseal import cbor

INTENT, DONE, FAILED = 0, 1, 2
"""The edges of a phase."""


class Phase(enum.IntEnum):
    """Those of protocol 9.1 in which something is done."""

    PREFLIGHT = 2
    PERMIT = 3
    QUIESCE = 4
    SNAPSHOT = 5
    PERSIST = 6
    DESTROY = 7
    RECLAIM = 8
    CREATE = 9
    ATTEST = 10
    PROVISION = 11
    RESTORE = 12
    COMMIT = 13
    RESUME = 14
    RETIRE = 15


class Entry(NamedTuple):
    at: float
    """Seconds since 1970."""
    op_id: bytes
    phase: int
    edge: int
    error: str
    """Of a phase that failed; or nothing."""
    end: int
    """Where the entry ends in the file."""


def entries(path: pathlib.Path) -> Iterator[Entry]:
    """Up to the first torn one; none before the first start of a supervisor."""
    content = path.read_bytes() if path.exists() else b""
    at = 0
    while at + 8 <= len(content):
        (size,) = struct.unpack_from(">I", content, at)
        body = content[at + 8 : at + 8 + size]
        if size == 0 or len(body) < size:
            return
        at += 8 + size
        _, wall_ms, _, op_id, phase, edge, payload = cbor.decode(body)
        yield Entry(wall_ms / 1000, op_id, phase, edge, payload.get(6, ""), at)
