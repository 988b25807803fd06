"""Opens a container as an instance does, with all that it is given, and with what a vector changes of that."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

from reseal import messages, records, rsc1, slots
from reseal.ahead import Held
from reseal.errors import Refused
from reseal.hashes import sha256
from reseal.segments import Streamed
from reseal.unsealing import Segments, read_rounds


class Fixed:
    """EGETKEY's answer to exactly one KEYREQUEST."""

    cpu_svn = bytes(16)
    isv_svn = 0

    def __init__(self, key: bytes, requests: list[bytes | None]) -> None:
        self.key, self.requests, self.refusal = key, requests, ""

    def egetkey(self, request: bytes) -> bytes:
        if self.refusal or request not in self.requests:
            raise Refused(self.refusal or "PLATFORM", "this request has no key here")
        return self.key


class Opening(NamedTuple):
    """Everything that a good opening is given."""

    file: bytes
    lineage: bytes
    core_digest: bytes
    body_id: bytes
    slots: bytes
    shares: list[bytes | None]
    policy: bytes
    platform: Fixed


def stores(opening: Opening) -> dict[str, dict[records.Key, bytes]]:
    """Opens a container as an instance does, in the order of protocol 5.6: out of a stream and out of memory alike."""
    held = _outcome(opening, Held(memoryview(opening.file)))
    streamed = _outcome(opening, Streamed(io.BytesIO(opening.file)))
    if isinstance(streamed, Refused):
        assert isinstance(held, Refused), held
        assert held.rule == streamed.rule
        raise streamed
    assert held == streamed
    return streamed


def _outcome(opening: Opening, source: Segments) -> dict[str, dict[records.Key, bytes]] | Refused:
    try:
        return _stores(opening, source)
    except Refused as refused:
        return refused


def _stores(opening: Opening, source: Segments) -> dict[str, dict[records.Key, bytes]]:
    tail = opening.file[-rsc1.TAIL :]
    footer = rsc1.read_tail(tail, len(opening.file))
    core, file_slots = rsc1.read_beginning(source)
    decoded = rsc1.check_granted(core, footer, opening.lineage, opening.core_digest, opening.body_id)
    policy = messages.Policy.decode(opening.policy)
    dek = slots.open_dek(
        opening.platform,
        policy,
        sha256(core),
        decoded.pk_open,
        decoded.salt,
        slots.decode(opening.slots),
        opening.shares,
    )
    staging = records.Staging(policy.state_max, lambda *_: None)
    begun = 16 + len(core) + len(file_slots)
    read_rounds(source, begun, core, footer, slots.StreamKeys(decoded.salt, dek), staging.accept)
    return staging.finish()


ARGUMENTS = {
    "flip": 2, "cut": 1, "append": 1, "swap": 3, "copy": 3, "slots": 1, "lineage": 1, "core-digest": 1,
    "body-id": 1, "plat-key": 1, "plat": 1, "share": 2, "policy": 1,
}  # fmt: skip


def changed(opening: Opening, operations: Iterator[str]) -> Opening:
    platform = Fixed(opening.platform.key, opening.platform.requests)
    opening = opening._replace(platform=platform, shares=list(opening.shares))
    for name in operations:
        arguments = [next(operations) for _ in range(ARGUMENTS[name])]
        file = bytearray(opening.file)
        match name, arguments:
            case "flip", [offset, mask]:
                file[int(offset)] ^= int(mask, 16)
            case "cut", [size]:
                del file[int(size) :]
            case "append", [content]:
                file += bytes.fromhex(content)
            case "swap", [a, b, size]:
                first, second = slice(int(a), int(a) + int(size)), slice(int(b), int(b) + int(size))
                file[first], file[second] = file[second], file[first]
            case "copy", [start, size, to]:
                file[int(to) : int(to) + int(size)] = file[int(start) : int(start) + int(size)]
            case "plat-key", [key]:
                platform.key = bytes.fromhex(key)
            case "plat", [why]:
                platform.refusal = {"svn": "SVN_DOWNGRADE", "unsupported": "PLATFORM"}[why]
            case "share", [index, half]:
                opening.shares[int(index)] = None if half == "-" else bytes.fromhex(half)
            case _, [value]:
                fields: dict[str, Any] = {name.replace("-", "_"): bytes.fromhex(value)}
                opening = opening._replace(**fields)
        opening = opening._replace(file=bytes(file))
    return opening
