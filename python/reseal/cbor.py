"""Deterministic CBOR in the two profiles of protocol 5.0, strict in both directions.

``encode``/``decode`` speak the structure profile (messages, core, slots, footer), ``encode_value``/
``decode_value`` the value profile (application data). A decoder accepts exactly one encoding of each
item. The value decoder lets cbor2 do the work and proves the result by exact types and re-encoding;
whatever does not pass that proof goes to the strict reader, which decides and names the rule.
"""

from __future__ import annotations

import struct
from typing import Any

import cbor2

from reseal.errors import Refused

__all__ = ["MAX_INT", "decode", "decode_value", "encode", "encode_value", "head", "text_key_order"]

MAX_INT = 2**63 - 1
STRUCTURE_DEPTH = 8
VALUE_DEPTH = 32

_loads = cbor2.loads
_dumps = cbor2.dumps


def head(major: int, argument: int) -> bytes:
    """The shortest initial bytes of an item."""
    if argument < 24:
        return bytes((major << 5 | argument,))
    if argument < 0x100:
        return bytes((major << 5 | 24, argument))
    if argument < 0x1_0000:
        return bytes((major << 5 | 25,)) + argument.to_bytes(2, "big")
    if argument < 0x1_0000_0000:
        return bytes((major << 5 | 26,)) + argument.to_bytes(4, "big")
    return bytes((major << 5 | 27,)) + argument.to_bytes(8, "big")


def text_key_order(encoded: bytes) -> tuple[int, bytes]:
    """Sorts the UTF-8 of text keys as their encodings sort."""
    return len(encoded), encoded


def encode(item: object) -> bytes:
    """The structure profile. Raises ``Refused`` (TYPE, RANGE, DEPTH, UTF8) for anything outside it."""
    out: list[bytes] = []
    _write(item, out, STRUCTURE_DEPTH, False)
    return b"".join(out)


def encode_value(item: object) -> bytes:
    """The value profile. Raises ``Refused`` (TYPE, RANGE, DEPTH, UTF8) for anything outside it."""
    out: list[bytes] = []
    _write(item, out, VALUE_DEPTH, True)
    return b"".join(out)


def _write(item: object, out: list[bytes], depth: int, values: bool) -> None:
    kind = type(item)
    if kind is str:
        content = _utf8(item)  # type: ignore[arg-type]
        out.append(head(3, len(content)))
        out.append(content)
    elif kind is bytes:
        out.append(head(2, len(item)))  # type: ignore[arg-type]
        out.append(item)  # type: ignore[arg-type]
    elif kind is int:
        out.append(_int(item, values))  # type: ignore[arg-type]
    elif item is None:
        out.append(b"\xf6")
    elif item is True:
        out.append(b"\xf5")
    elif item is False:
        out.append(b"\xf4")
    elif isinstance(item, dict):
        _deeper(depth)
        out.append(head(5, len(item)))
        if values:
            for content, key in sorted(((_key(key), key) for key in item), key=lambda pair: text_key_order(pair[0])):
                out.append(head(3, len(content)))
                out.append(content)
                _write(item[key], out, depth - 1, True)
        else:
            for key in item:
                if type(key) is not int:
                    raise Refused("KEY_TYPE", f"a map key of type {type(key).__name__} in a structure")
            for key in sorted(item):
                out.append(_int(key, False))
                _write(item[key], out, depth - 1, False)
    elif isinstance(item, (list, tuple)):
        _deeper(depth)
        out.append(head(4, len(item)))
        for each in item:
            _write(each, out, depth - 1, values)
    elif kind is float and values:
        out.append(_float(item))  # type: ignore[arg-type]
    else:
        raise Refused("TYPE", f"a value of type {kind.__name__}")


def _deeper(depth: int) -> None:
    if depth == 0:
        raise Refused("DEPTH", "nesting beyond the limit of the profile")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Refused("UTF8", "a text with a lone surrogate") from None


def _key(key: object) -> bytes:
    if type(key) is not str:
        raise Refused("KEY_TYPE", f"a map key of type {type(key).__name__}, not text")
    return _utf8(key)


def _int(number: int, values: bool) -> bytes:
    if 0 <= number <= MAX_INT:
        return head(0, number)
    if not values or not -MAX_INT - 1 <= number < 0:
        raise Refused("RANGE", "an integer outside the profile")
    return head(1, -1 - number)


def _float(number: float) -> bytes:
    if number != number:
        return b"\xf9\x7e\x00"
    for mark, form in ((b"\xf9", ">e"), (b"\xfa", ">f")):
        try:
            content = struct.pack(form, number)
        except OverflowError:
            continue
        if struct.unpack(form, content)[0] == number:
            return mark + content
    return b"\xfb" + struct.pack(">d", number)


def decode(data: bytes) -> Any:
    """One item of the structure profile, or ``Refused`` with the rule that it breaks."""
    return _Reader(data, STRUCTURE_DEPTH, False).only()


def decode_value(data: bytes | memoryview) -> Any:
    """One item of the value profile, or ``Refused`` with the rule that it breaks."""
    if data[:1] and data[0] >> 5 in (2, 3):
        string = _string(data)
        if string is not None:
            return string
    try:
        item = _loads(data)
    except (cbor2.CBORDecodeError, ValueError, TypeError, RecursionError, OverflowError):
        return _Reader(data, VALUE_DEPTH, True).only()
    if _plain(item, VALUE_DEPTH) and _dumps(item) == data:
        return item
    return _Reader(data, VALUE_DEPTH, True).only()


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


class _Reader:
    """Refuses every encoding but the deterministic one, and lengths that the input cannot hold."""

    def __init__(self, data: bytes | memoryview, depth: int, values: bool) -> None:
        self.data = bytes(data)
        self.at = 0
        self.depth = depth
        self.values = values

    def only(self) -> Any:
        item = self.item(self.depth)
        if self.at != len(self.data):
            raise self.refuse("TRAILING", f"{len(self.data) - self.at} bytes follow the item")
        return item

    def refuse(self, rule: str, what: str) -> Refused:
        return Refused(rule, f"cbor at byte {self.at}: {what}")

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise self.refuse("TRUNCATED", f"{size} bytes announced, {len(self.data) - self.at} left")
        content = self.data[self.at : self.at + size]
        self.at += size
        return content

    def item(self, depth: int) -> Any:
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if major == 0:
            return self.argument(info)
        if major == 1:
            if not self.values:
                raise self.refuse("TYPE", "a negative number in a structure")
            return -1 - self.argument(info)
        if major == 2:
            return self.take(self.argument(info))
        if major == 3:
            return self.text(info)
        if major == 4:
            count = self.fits(self.argument(info), 1, depth)
            return [self.item(depth - 1) for _ in range(count)]
        if major == 5:
            count = self.fits(self.argument(info), 2, depth)
            return self.dict(count, depth) if self.values else self.structure(count, depth)
        if major == 6:
            raise self.refuse("TYPE", "a tag")
        return self.simple(info)

    def argument(self, info: int) -> int:
        if info < 24:
            return info
        if info == 31:
            raise self.refuse("INDEFINITE", "an indefinite length")
        if info > 27:
            raise self.refuse("TYPE", f"additional information {info}")
        size = 1 << info - 24
        number = int.from_bytes(self.take(size), "big")
        if number > MAX_INT:
            raise self.refuse("RANGE", "a number above 2^63-1")
        if number < (24, 0x100, 0x1_0000, 0x1_0000_0000)[info - 24]:
            raise self.refuse("NOT_SHORTEST", f"number {number} has a shorter form")
        return number

    def text(self, info: int) -> str:
        try:
            return self.take(self.argument(info)).decode()
        except UnicodeDecodeError:
            raise self.refuse("UTF8", "a text that is not UTF-8") from None

    def fits(self, count: int, least: int, depth: int) -> int:
        if depth <= 0:
            raise self.refuse("DEPTH", f"nesting beyond {self.depth}")
        if count > (len(self.data) - self.at) // least:
            raise self.refuse("TRUNCATED", f"{count} items announced, {len(self.data) - self.at} bytes left")
        return count

    def structure(self, count: int, depth: int) -> dict[int, Any]:
        entries: dict[int, Any] = {}
        last = -1
        for _ in range(count):
            first = self.take(1)[0]
            if first >> 5 != 0:
                raise self.refuse("KEY_TYPE", "a map key that is no uint")
            key = self.argument(first & 31)
            if key <= last:
                raise self.refuse("KEY_ORDER", f"key {key} after {last}")
            last = key
            entries[key] = self.item(depth - 1)
        return entries

    def dict(self, count: int, depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        last = (-1, b"")
        for _ in range(count):
            first = self.take(1)[0]
            if first >> 5 != 3:
                raise self.refuse("KEY_TYPE", "a map key that is no text")
            key = self.text(first & 31)
            order = text_key_order(key.encode())
            if order <= last:
                raise self.refuse("KEY_ORDER", "text keys out of order or repeated")
            last = order
            entries[key] = self.item(depth - 1)
        return entries

    def simple(self, info: int) -> Any:
        if info in (20, 21, 22):
            return (False, True, None)[info - 20]
        if info in (25, 26, 27):
            if not self.values:
                raise self.refuse("TYPE", "a float in a structure")
            form, mark = {25: (">e", b"\xf9"), 26: (">f", b"\xfa"), 27: (">d", b"\xfb")}[info]
            content = self.take(struct.calcsize(form))
            number: float = struct.unpack(form, content)[0]
            if _float(number) != mark + content:
                raise self.refuse("NOT_SHORTEST", "a float that has a shorter form")
            return number
        if info == 31:
            raise self.refuse("INDEFINITE", "a break")
        raise self.refuse("TYPE", f"simple value {info}")
