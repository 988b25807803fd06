"""``spec/mutations.vec``, and good messages made wrong in its ways."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from reseal import cose, messages
from reseal.errors import CODES, Refused

TABLE = pathlib.Path(__file__).resolve().parents[2] / "spec" / "mutations.vec"
LINES = [line.split() for line in TABLE.read_text().splitlines() if not line.startswith("#")]
NOTES = {words[1] for words in LINES if words[0] == "note"}
HEADER, *ROWS = (words for words in LINES if words[0] != "note")


def row_of(reader: str, message: str) -> dict[str, str]:
    (found,) = (row[2:] for row in ROWS if row[:2] == [reader, message])
    return dict(zip(HEADER[2:], found, strict=True))


def messages_of(reader: str) -> set[str]:
    return {row[1] for row in ROWS if row[0] == reader}


class Good(NamedTuple):
    """A message that an honest sender would send now; ``former`` is a key that was obeyed in place of ``signer``."""

    message: bytes
    kind: type[Any]
    signer: cose.SigningKey
    former: cose.SigningKey
    older_fence: int

    @property
    def name(self) -> str:
        return messages.name_of(self.kind)

    @property
    def payload(self) -> bytes:
        return cose.parse(self.message, messages.KINDS[self.kind].most).payload

    def signed(self, payload: bytes, key: cose.SigningKey | None = None, name: str = "") -> bytes:
        return cose.sign(name or self.name, payload, key or self.signer)

    def _with(self, **head: Any) -> bytes:
        found = messages.decode(self.kind, self.payload)
        return self.signed(messages.encode(found._replace(head=found.head._replace(**head))))

    def made(self, mutation: str) -> list[bytes]:
        """The wrong ones; where only the time is wrong, the good one."""
        head = messages.decode(self.kind, self.payload).head
        most = messages.KINDS[self.kind].most
        makers: Mapping[str, Callable[[], list[bytes]]] = {
            "good": lambda: [self.message],
            "again": lambda: [self.message],
            "replayed": lambda: [self.message],
            "lineage": lambda: [self._with(lineage=b"another lineage!")],
            "operation": lambda: [self._with(op_id=b"another operatio")],
            "epoch-": lambda: [self._with(epoch=abs(head.epoch - 1))],  # no epoch is before that of a log head
            "epoch+": lambda: [self._with(epoch=head.epoch + 1)],
            "fence-": lambda: [self._with(fence=self.older_fence)],
            "fence+": lambda: [self._with(fence=head.fence + 1)],
            "signer": lambda: [self.signed(self.payload, cose.SigningKey.generate())],
            "old-key": lambda: [self.signed(self.payload, self.former)],
            "type": lambda: [self.signed(self.payload, name=each.name) for each in messages.KINDS.values()
                             if each.name != self.name],
            "signature": lambda: [self._flipped(-1), self._flipped(-64)],
            "truncated": self._cuts,
            "oversized": lambda: [self.message + bytes(most)],
            "envelope": self._envelopes,
            "payload": self._payloads,
        }  # fmt: skip
        return makers[mutation]()

    def _flipped(self, at: int) -> bytes:
        flipped = bytearray(self.message)
        flipped[at] ^= 1
        return bytes(flipped)

    def _cuts(self) -> list[bytes]:
        size = len(self.message)
        return [self.message[:end] for end in (*range(0, size, max(1, size // 23)), size - 1)]

    def _envelopes(self) -> list[bytes]:
        """In a longer form: the array's length, the header's, the payload's, the signature's."""
        size = len(self.payload)
        at, head = 43, 2 if size < 256 else 3
        wrong = [(1, 1, b"\x98\4"), (2, 2, b"\x59\0\x26"), (at, head, b"\x5a" + size.to_bytes(4, "big"))]
        wrong.append((at + head + size, 2, b"\x59\0\x40"))
        return [self.message[:start] + by + self.message[start + taken :] for start, taken, by in wrong]

    def _payloads(self) -> list[bytes]:
        count = self.payload[0] & 31
        return [
            self.signed(b"\xb8" + bytes((count,)) + self.payload[1:]),
            self.signed(self.payload[:1] + b"\x18\x01" + self.payload[2:]),
        ]


class Scene(NamedTuple):
    """A fresh world in which a message was sent.

    ``later`` is called when it was taken, and brings the world to where a new one would be taken by its reader.
    """

    read: Callable[[bytes], object]
    whole: Callable[[], Any]
    good: Good
    later: Callable[[], Scene]


def over() -> Scene:
    raise AssertionError("a replay of a replay")


def trial(row: Mapping[str, str], mutation: str, scene: Scene) -> None:
    """One cell of the table, tried on a real reader."""
    if mutation in ("again", "replayed"):
        first = scene.good
        _judge(row["good"], scene, first.message)
        scene = scene.later() if mutation == "replayed" else scene
        wrong = [first.message]
    else:
        wrong = scene.good.made(mutation)
    for message in wrong:
        _judge(row[mutation], scene, message)
    if mutation != "again" and not row[mutation].startswith("="):
        _judge(row["good"], scene, scene.good.message)


def _judge(cell: str, scene: Scene, message: bytes) -> None:
    before = scene.whole()
    if cell.startswith("-"):
        with pytest.raises(Refused) as refusal:
            scene.read(message)
        assert refusal.value.rule == cell[1:]
        assert refusal.value.code in CODES.values()
    else:
        scene.read(message)
    if not cell.startswith("="):
        assert scene.whole() == before


def cells(reader: str, scenes: Mapping[str, Callable[..., Scene]]) -> list[tuple[str, str]]:
    """Every one of the reader's; there must be a scene for each row and a row for each scene."""
    assert scenes.keys() == messages_of(reader)
    return [(message, mutation) for message in scenes for mutation in HEADER[2:]]
