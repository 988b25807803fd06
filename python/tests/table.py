"""The table of ``spec/instance.vec``, and what of recorded steps it does not allow."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable

TABLE = pathlib.Path(__file__).resolve().parents[2] / "spec" / "instance.vec"
ROWS = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
CELLS = [(row[0], state, cell) for row in ROWS[1:] for state, cell in zip(ROWS[0][1:], row[1:], strict=True)]


class Steps:
    """Steps of instances, line by line as ``moves.record`` writes them."""

    def __init__(self) -> None:
        self._cells = {(message, state): state if cell == "." else cell for message, state, cell in CELLS}
        self._standing: dict[str, str] = {}

    def wrong(self, lines: Iterable[str]) -> list[str]:
        """Those that are no cell of the table, or do not begin where the one before of the same instance ended."""
        found = []
        for line in lines:
            _, instance, before, message, after = line.split()
            stood = self._standing.get(instance, "BORN")
            if stood != before:
                found.append(f"{message} came in {before}, though the step before ended in {stood}")
            if self._cells.get((message, before)) != after:
                found.append(f"{message} in {before} led to {after}, not to {self._cells.get((message, before))}")
            self._standing[instance] = before if after.startswith("-") else after
        return found
