"""Whatever a test does with an instance, each step of its machine is one that the table of ``spec/`` has."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import moves
import pytest
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
