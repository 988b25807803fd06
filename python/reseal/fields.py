"""Strict reading of structures: exact keys, exact types, exact or bounded sizes (protocol 5.0)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reseal import cbor
from reseal.errors import Refused

__all__ = ["CORE", "FOOTER", "KEYSET", "LIST", "MESSAGE", "SLOTS", "Kind", "Shape", "blob", "boolean"]
__all__ += ["fixed", "listed", "map_of", "nullable", "number", "text"]

MESSAGE = 64 * 1024
GRANT_REQUEST = 128 * 1024
CORE = 4096
SLOTS = 16_384
FOOTER = 4096
KEYSET = 32 * 1024
LIST = 1024

Kind = Callable[[Any, str], Any]
"""Checks one item and returns it; the text names it in the refusal."""
Shape = tuple[tuple[int, str, Kind], ...]
"""Key, name and kind of every field of a map."""


def number(least: int = 0, most: int = cbor.MAX_INT) -> Kind:
    def check(item: Any, where: str) -> Any:
        if type(item) is not int:
            raise Refused("TYPE", f"{where} is not a number")
        if not least <= item <= most:
            raise Refused("FIELD", f"{where} is {item}, not between {least} and {most}")
        return item

    return check


def fixed(size: int) -> Kind:
    def check(item: Any, where: str) -> Any:
        if type(item) is not bytes:
            raise Refused("TYPE", f"{where} is not a byte string")
        if len(item) != size:
            raise Refused("SIZE", f"{where} has {len(item)} bytes, not {size}")
        return item

    return check


def blob(most: int) -> Kind:
    def check(item: Any, where: str) -> Any:
        if type(item) is not bytes:
            raise Refused("TYPE", f"{where} is not a byte string")
        if len(item) > most:
            raise Refused("SIZE", f"{where} has {len(item)} bytes, more than {most}")
        return item

    return check


def text(item: Any, where: str) -> Any:
    if type(item) is not str:
        raise Refused("TYPE", f"{where} is not a text")
    return item


def boolean(item: Any, where: str) -> Any:
    if type(item) is not bool:
        raise Refused("TYPE", f"{where} is neither true nor false")
    return item


def nullable(kind: Kind) -> Kind:
    return lambda item, where: None if item is None else kind(item, where)


def listed(kind: Kind, least: int = 0, most: int = LIST) -> Kind:
    """An array of ``least`` to ``most`` items of one kind; read as a tuple."""

    def check(item: Any, where: str) -> Any:
        if type(item) is not list:
            raise Refused("TYPE", f"{where} is not an array")
        if not least <= len(item) <= most:
            raise Refused("SIZE", f"{where} has {len(item)} items, not {least} to {most}")
        return tuple(kind(each, where) for each in item)

    return check


def row(*kinds: Kind) -> Kind:
    """An array of exactly these kinds."""

    def check(item: Any, where: str) -> Any:
        if type(item) is not list:
            raise Refused("TYPE", f"{where} is not an array")
        if len(item) != len(kinds):
            raise Refused("FIELD", f"{where} has {len(item)} items, not {len(kinds)}")
        return tuple(kind(each, where) for kind, each in zip(kinds, item, strict=True))

    return check


def map_of(encoded: bytes, what: str, shape: Shape) -> list[Any]:
    """The fields of an encoded map in the order of ``shape``; nothing missing, nothing unknown."""
    return fields_of(cbor.decode(encoded), what, shape)


def fields_of(item: Any, what: str, shape: Shape) -> list[Any]:
    """As :func:`map_of`, of a decoded item."""
    if type(item) is not dict:
        raise Refused("TYPE", f"{what} is not a map")
    found = []
    for key, name, kind in shape:
        where = f"{what} field {key} ({name})"
        if key not in item:
            raise Refused("FIELD", f"{where} is missing")
        found.append(kind(item[key], where))
    if len(item) != len(shape):
        unknown = sorted(set(item) - {key for key, _, _ in shape})
        raise Refused("FIELD", f"{what} has an unknown field {unknown[0]}")
    return found
