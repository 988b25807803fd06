"""What stands around the parts of a container, and reading them exactly (protocol 5.4).

Apart from what they hold, so that a container can be read before the modules are loaded that open it.
"""

from __future__ import annotations

from typing import Protocol

from reseal.errors import Refused

__all__ = ["END", "FOOTER_MARK", "LAST_MARK", "MAGIC", "ROUNDS", "ROUND_MARK", "SEGMENT", "SEGMENT_MARK", "TAG"]
__all__ += ["Source", "exactly", "fill", "length"]

SEGMENT = 1_048_576
TAG = 16
ROUNDS = 16
MAGIC = bytes.fromhex("525343310d0a1a0a")
END = bytes.fromhex("52534331454e440a")
ROUND_MARK, SEGMENT_MARK, LAST_MARK, FOOTER_MARK = 0x52, 0x53, 0x4C, 0x46


class Source(Protocol):
    """A binary stream; ``readinto`` fills some of the target and gives 0 at its end."""

    def readinto(self, target: memoryview, /) -> int | None: ...


def fill(source: Source, target: memoryview) -> memoryview:
    at = 0
    while at < len(target):
        count = source.readinto(target[at:])
        if not count:
            raise Refused("TRUNCATED", f"the container ends {len(target) - at} bytes early")
        at += count
    return target


def exactly(source: Source, size: int) -> bytes:
    return bytes(fill(source, memoryview(bytearray(size))))


def length(source: Source, most: int, what: str) -> int:
    size = int.from_bytes(exactly(source, 4), "big")
    if not 1 <= size <= most:
        raise Refused("LENGTH", f"a {what} of {size} bytes, not 1 to {most}")
    return size
