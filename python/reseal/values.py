"""What a declared state can hold, and how it is written and read.

A value is encoded when it is written and decoded when it is read, so what an application holds is
never what the store holds: nested values come back read-only, and a mistake raises instead of
losing data.
"""

from __future__ import annotations

import types
import typing
from typing import Any, NoReturn

from reseal import cbor
from reseal.errors import Refused

__all__ = ["Codec", "ReadOnlyDict", "ReadOnlyList"]

_SCALARS: tuple[type, ...] = (str, int, float, bool, bytes, type(None))


def _read_only(self: object, *_: object, **__: object) -> NoReturn:
    raise TypeError("values of a state are read-only: assign the whole changed value to its key again")


class ReadOnlyDict(dict[str, Any]):
    """A nested value as it is in the store; ``dict(value)`` gives a copy to change."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _read_only
    clear = pop = popitem = setdefault = update = _read_only

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


class ReadOnlyList(list[Any]):
    """A nested value as it is in the store; ``list(value)`` gives a copy to change."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _read_only
    append = clear = extend = insert = pop = remove = reverse = sort = _read_only

    def __reduce__(self) -> Any:
        return list, (list(self),)


def _frozen(item: Any) -> Any:
    kind = type(item)
    if kind is dict:
        return ReadOnlyDict({key: _frozen(value) for key, value in item.items()})
    if kind is list:
        return ReadOnlyList([_frozen(value) for value in item])
    return item


class Codec:
    """How values of a declared type are written and read."""

    def __init__(self, of: Any) -> None:
        self.fields: dict[str, Any] | None = None
        of = type(None) if of is None else of
        if isinstance(of, type) and hasattr(of, "__dataclass_fields__"):
            hints = typing.get_type_hints(of)
            self.fields = {name: hints[name] for name in of.__dataclass_fields__}
            for name, hint in self.fields.items():
                if not _storable(hint):
                    raise TypeError(f"{of.__qualname__}.{name} is a {hint!r}, which a state cannot hold")
        elif of not in _SCALARS and of is not list and of is not dict:
            raise TypeError(
                f"a state cannot hold {of!r}: use str, int, float, bool, bytes, None, list, dict with text keys, "
                "or a dataclass of these"
            )
        self.of = of
        self.name = "dataclass" if self.fields is not None else of.__name__

    def encode(self, value: Any) -> bytes:
        if self.fields is not None:
            if type(value) is not self.of:
                raise TypeError(f"this state holds {self.of.__qualname__}, not {type(value).__name__}")
            value = {name: getattr(value, name) for name in self.fields}
        elif self.of is dict or self.of is list:
            if not isinstance(value, self.of):
                raise TypeError(f"this state holds {self.of.__name__}, not {type(value).__name__}")
        elif type(value) is not self.of:
            raise TypeError(f"this state holds {self.of.__name__}, not {type(value).__name__}")
        return cbor.encode_value(value)

    def decode(self, encoded: bytes) -> Any:
        value = cbor.decode_value(encoded)
        if self.fields is not None:
            return self.of(**{name: _frozen(each) for name, each in value.items()})
        return _frozen(value)

    def check(self, value: object) -> None:
        """Refuses (RECORD) a restored value that is not of the declared type."""
        if self.fields is None:
            if type(value) is not self.of:
                raise Refused("RECORD", f"a value of type {type(value).__name__}, the state holds {self.name}")
        elif type(value) is not dict or set(value) != set(self.fields):
            raise Refused("RECORD", f"a value that has not the fields of {self.of.__qualname__}")


def _storable(hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return all(map(_storable, arguments))
    if origin is list:
        return all(map(_storable, arguments))
    if origin is dict:
        return bool(arguments) and arguments[0] is str and _storable(arguments[1])
    return hint in _SCALARS or hint is list or hint is dict
