"""Whatever a test does with an instance, each step of its machine is one that the table of ``spec/`` has."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import moves
import pytest
from stand_ins import Authority, Instance, Start
from table import Steps

RECORDED: deque[str] = deque()
STEPS = Steps()

moves.record(RECORDED.append)


@pytest.fixture
def recorded() -> deque[str]:
    """The steps since the test began, of all instances in this process."""
    return RECORDED


@pytest.fixture(autouse=True)
def _replayed() -> Iterator[None]:
    yield
    lines = [RECORDED.popleft() for _ in range(len(RECORDED))]
    assert STEPS.wrong(lines) == []


@pytest.fixture
def authority() -> Authority:
    """A stand-in, the anchor of the relying party."""
    return Authority()


@pytest.fixture
def start(authority: Authority) -> Iterator[Start]:
    """Starts instances of this authority, whose servers end with the test."""
    started: list[Instance] = []

    def make(**changes: Any) -> Instance:
        started.append(Instance(authority, **changes))
        return started[-1]

    yield make
    for each in started:
        each.server.close()
