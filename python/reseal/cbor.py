"""Deterministic CBOR in the two profiles of protocol 5.0, strict in both directions.

``encode``/``decode`` speak the structure profile (messages, core, slots, footer), ``encode_value``/
``decode_value`` the value profile (application data). A decoder accepts exactly one encoding of each
item. The value decoder lets cbor2 do the work and proves the result by exact types and re-encoding;
whatever does not pass that proof goes to the strict reader, which decides and names the rule.
"""

from __future__ import annotations

from typing import Any

import cbor2

from reseal.cbor_reader import Reader
from reseal.cbor_writer import MAX_INT, head, text_key_order, write

__all__ = ["MAX_INT", "decode", "decode_value", "encode", "encode_value", "head", "text_key_order"]

STRUCTURE_DEPTH = 8
VALUE_DEPTH = 32

_loads = cbor2.loads
_dumps = cbor2.dumps


def encode(item: object) -> bytes:
    """The structure profile. Raises ``Refused`` (TYPE, RANGE, DEPTH, UTF8) for anything outside it."""
    out: list[bytes] = []
    write(item, out, STRUCTURE_DEPTH, False)
    return b"".join(out)


def encode_value(item: object) -> bytes:
    """The value profile. Raises ``Refused`` (TYPE, RANGE, DEPTH, UTF8) for anything outside it."""
    out: list[bytes] = []
    write(item, out, VALUE_DEPTH, True)
    return b"".join(out)


def decode(data: bytes) -> Any:
    """One item of the structure profile, or ``Refused`` with the rule that it breaks."""
    return Reader(data, STRUCTURE_DEPTH, False).only()


def decode_value(data: bytes | memoryview) -> Any:
    """One item of the value profile, or ``Refused`` with the rule that it breaks."""
    if data[:1] and data[0] >> 5 in (2, 3):
        string = _string(data)
        if string is not None:
            return string
    try:
        item = _loads(data)
    except (cbor2.CBORDecodeError, ValueError, TypeError, RecursionError, OverflowError):
        return Reader(data, VALUE_DEPTH, True).only()
    if _plain(item, VALUE_DEPTH) and _dumps(item) == data:
        return item
    return Reader(data, VALUE_DEPTH, True).only()


def _string(data: bytes | memoryview) -> str | bytes | None:
    """What one byte or text string in its shortest form holds, copied once; None for anything else."""
    info = data[0] & 31
    size, at = info, 1
    if info >= 24:
        at = 1 + (1 << info - 24)
        if info > 26 or at > len(data):
            return None
        size = int.from_bytes(data[1:at], "big")
        if size < (24, 0x100, 0x1_0000)[info - 24]:
            return None
    if at + size != len(data):
        return None
    if data[0] < 0x60:
        return bytes(data[at:])
    try:
        return str(memoryview(data)[at:], "utf-8")
    except UnicodeDecodeError:
        return None


def _plain(item: object, depth: int) -> bool:
    """Whether cbor2's plain encoding of this item is the deterministic one.

    False for floats and for whatever the profile does not have. Types are compared exactly: in
    Python ``True == 1 == 1.0``.
    """
    kind = type(item)
    if kind is str or kind is bytes or kind is bool or item is None:
        return True
    if kind is int:
        return -MAX_INT - 1 <= item <= MAX_INT  # type: ignore[operator]
    if kind is dict:
        size, last = -1, b""
        for key, value in item.items():  # type: ignore[attr-defined]
            if type(key) is not str:
                return False
            content = key.encode()
            if len(content) <= size and (len(content) < size or content <= last):
                return False
            size, last = len(content), content
            kind = type(value)
            if kind is not str and kind is not bytes and not (depth and _plain(value, depth - 1)):
                return False
        return depth > 0
    if kind is list:
        return depth > 0 and all(_plain(each, depth - 1) for each in item)  # type: ignore[attr-defined]
    return False
