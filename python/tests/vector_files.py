"""Reads the cases of a file of ``spec/vectors``."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pytest

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "spec" / "vectors"

Case = list[tuple[str, str]]


def cases(name: str, known: str) -> list[Case]:
    """The cases of a file; an unknown key, or no case at all, fails."""
    found: list[Case] = [[]]
    for line in (VECTORS / name).read_text().splitlines():
        if line.startswith("#"):
            continue
        if not line:
            found.append([])
            continue
        key, _, value = line.partition(": ")
        assert key in known.split(), f"{name}: unknown key {key}"
        found[-1].append((key, value))
    found = [case for case in found if case]
    assert found, f"{name} has no case"
    return found


def names(case: Case, index: int) -> str:
    return f"{index}-{dict(case).get('title') or dict(case).get('type') or case[0][1]}"[:60]


def parametrized(name: str, known: str) -> Callable[[Any], Any]:
    found = cases(name, known)
    return pytest.mark.parametrize("case", found, ids=[names(case, index) for index, case in enumerate(found)])
