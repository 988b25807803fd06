"""The strict reader of deterministic CBOR (protocol 5.0), which names the rule that some bytes break."""

from __future__ import annotations

import struct
from typing import Any

from reseal.cbor_writer import MAX_INT, shortest_float, text_key_order
from reseal.errors import Refused

__all__ = ["Reader"]


class Reader:
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
            if shortest_float(number) != mark + content:
                raise self.refuse("NOT_SHORTEST", "a float that has a shorter form")
            return number
        if info == 31:
            raise self.refuse("INDEFINITE", "a break")
        raise self.refuse("TYPE", f"simple value {info}")
