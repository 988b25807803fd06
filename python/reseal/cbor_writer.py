"""The one encoding that an item has in deterministic CBOR (protocol 5.0), in either profile."""

from __future__ import annotations

import struct

from reseal.errors import Refused

__all__ = ["MAX_INT", "head", "shortest_float", "text_key_order", "write"]

MAX_INT = 2**63 - 1


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


def write(item: object, out: list[bytes], depth: int, values: bool) -> None:
    """Appends the parts of an item of the value profile or of the structure profile."""
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
                write(item[key], out, depth - 1, True)
        else:
            for key in item:
                if type(key) is not int:
                    raise Refused("KEY_TYPE", f"a map key of type {type(key).__name__} in a structure")
            for key in sorted(item):
                out.append(_int(key, False))
                write(item[key], out, depth - 1, False)
    elif isinstance(item, (list, tuple)):
        _deeper(depth)
        out.append(head(4, len(item)))
        for each in item:
            write(each, out, depth - 1, values)
    elif kind is float and values:
        out.append(shortest_float(item))  # type: ignore[arg-type]
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


def shortest_float(number: float) -> bytes:
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
