"""Deterministic CBOR: one encoding of each item, everything else refused by name."""

from __future__ import annotations

import math
import random

import pytest

from reseal import cbor
from reseal.errors import Refused

STRUCTURE_REFUSALS = [
    ("", "TRUNCATED"),
    ("18", "TRUNCATED"),
    ("4201", "TRUNCATED"),
    ("9b7fffffffffffffff", "TRUNCATED"),
    ("0000", "TRAILING"),
    ("1817", "NOT_SHORTEST"),
    ("190017", "NOT_SHORTEST"),
    ("580100", "NOT_SHORTEST"),
    ("5f4101ff", "INDEFINITE"),
    ("9fff", "INDEFINITE"),
    ("a201000100", "KEY_ORDER"),
    ("a202000100", "KEY_ORDER"),
    ("a1f505", "KEY_TYPE"),
    ("a1616105", "KEY_TYPE"),
    ("20", "TYPE"),
    ("c249010000000000000000", "TYPE"),
    ("c101", "TYPE"),
    ("f7", "TYPE"),
    ("f0", "TYPE"),
    ("f93c00", "TYPE"),
    ("1b8000000000000000", "RANGE"),
    ("61ff", "UTF8"),
    ("818181818181818180", "DEPTH"),
]

VALUE_REFUSALS = [
    ("c24101", "TYPE"),
    ("fa3fc00000", "NOT_SHORTEST"),
    ("fb7ff8000000000001", "NOT_SHORTEST"),
    ("f97e01", "NOT_SHORTEST"),
    ("a10101", "KEY_TYPE"),
    ("a1f505", "KEY_TYPE"),
    ("a2616101616102", "KEY_ORDER"),
    ("a262616101616201", "KEY_ORDER"),
    ("3bffffffffffffffff", "RANGE"),
    ("1801", "NOT_SHORTEST"),
    ("d81c80", "TYPE"),
    ("0101", "TRAILING"),
    ("81" * 33 + "80", "DEPTH"),
]


@pytest.mark.parametrize(("data", "rule"), STRUCTURE_REFUSALS)
def test_a_structure_in_any_other_form_is_refused_by_name(data: str, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        cbor.decode(bytes.fromhex(data))
    assert refused.value.rule == rule


@pytest.mark.parametrize(("data", "rule"), VALUE_REFUSALS)
def test_a_value_in_any_other_form_is_refused_by_name(data: str, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        cbor.decode_value(bytes.fromhex(data))
    assert refused.value.rule == rule


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (0.0, "f90000"),
        (-0.0, "f98000"),
        (1.5, "f93e00"),
        (math.inf, "f97c00"),
        (math.nan, "f97e00"),
        (100000.0, "fa47c35000"),
        (1.1, "fb3ff199999999999a"),
        (-(2**63), "3b7fffffffffffffff"),
        ({"b": 1, "aa": 2, "a": True}, "a36161f56162016261610 2".replace(" ", "")),
    ],
)
def test_a_value_has_its_shortest_form(value: object, encoded: str) -> None:
    assert cbor.encode_value(value).hex() == encoded
    again = cbor.decode_value(bytes.fromhex(encoded))
    assert again == value or value != value


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, {1: 2}, {True: 1}, object(), {1, 2}, "\ud800", bytearray(1)])
def test_what_the_value_profile_does_not_have_is_not_written(value: object) -> None:
    with pytest.raises(Refused):
        cbor.encode_value(value)


def _value(rng: random.Random, depth: int) -> object:
    kinds = 9 if depth else 7
    match rng.randrange(kinds):
        case 0:
            return rng.choice([0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1])
        case 1:
            return -rng.choice([1, 24, 25, 256, 257, 2**32, 2**63])
        case 2:
            return rng.choice([0.0, -0.0, 0.5, 3.4e38, 1e300, 2.0**-24, 5e-324])
        case 3:
            return rng.choice([True, False, None])
        case 4:
            return rng.randbytes(rng.choice([0, 1, 23, 24, 300]))
        case 5 | 6:
            return "äß€𝄞x"[: rng.randrange(6)] * rng.randrange(8)
        case 7:
            return [_value(rng, depth - 1) for _ in range(rng.randrange(5))]
        case _:
            return {f"k{rng.randrange(2000)}": _value(rng, depth - 1) for _ in range(rng.randrange(5))}


def test_every_value_comes_back_and_every_changed_byte_is_refused_or_means_itself() -> None:
    rng = random.Random(20261124)
    for _ in range(400):
        value = _value(rng, 4)
        encoded = cbor.encode_value(value)
        assert cbor.encode_value(cbor.decode_value(encoded)) == encoded
        changed = bytearray(encoded)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        try:
            other = cbor.decode_value(bytes(changed))
        except Refused:
            continue
        assert cbor.encode_value(other) == bytes(changed)


def test_random_bytes_are_refused_or_mean_themselves_in_both_profiles() -> None:
    rng = random.Random(7)
    for _ in range(3000):
        data = rng.randbytes(rng.randrange(1, 24))
        for read, write in ((cbor.decode, cbor.encode), (cbor.decode_value, cbor.encode_value)):
            try:
                item = read(data)
            except Refused:
                continue
            assert write(item) == data
