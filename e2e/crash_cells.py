"""The cells of the crash matrix, and what is found out about one."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field

OPERATIONS = ("birth", "reseal", "rekey", "takeover", "abort")
VICTIMS = ("supervisor", "old", "new", "authority", "platform", "enclaves")
SIDES = ("before", "after")


@dataclass(frozen=True)
class Point:
    """One thing that a supervisor does in an operation, and who lives just then."""

    number: int
    old: int
    new: int
    what: str


@dataclass(frozen=True)
class Cell:
    operation: str
    victim: str
    side: str
    number: int
    what: str
    then: str = ""
    """A second point, ``VICTIM:SIDE:NUMBER``, counted from the first crash on; or nothing."""

    @property
    def point(self) -> str:
        return f"{self.victim}:{self.side}:{self.number}"

    def __str__(self) -> str:
        return f"{self.operation} {self.point} ({self.what})" + (f" then {self.then}" if self.then else "")


@dataclass
class Verdict:
    cell: Cell
    why: list[str] = field(default_factory=list)
    epochs: tuple[int, int] = (0, 0)
    taken_over: bool = False
    gone: int = 0
    requests: int = 0
    silent_ms: int = 0
    """The longest time without an answer after the crash."""
    own_ms: int = 0
    """Of that, what neither the passport's end nor the application's start explains."""
    stalled_ms: int = 0
    """The longest time in which the driver itself did not run; above a bound its measurement says nothing."""
    took_s: float = 0.0
    second: bool = False
    said: str = ""
    """What whoever asked for the operation was told."""

    @property
    def good(self) -> bool:
        return not self.why


def cells(operation: str, points: list[Point], victims: list[str]) -> list[Cell]:
    """A victim that does not live at a point has no cell there."""
    found = []
    for point in points:
        for victim in victims:
            alive = {"old": point.old, "new": point.new, "enclaves": point.old + point.new}.get(victim, 1)
            if not alive:
                continue
            found += [Cell(operation, victim, side, point.number, point.what) for side in SIDES]
    return found


def pairs(chosen: list[Cell], count: int, seed: int) -> list[Cell]:
    """Each a cell with a second crash somewhere in its recovery."""
    dice = random.Random(seed)
    return [
        Cell(
            **{
                **asdict(dice.choice(chosen)),
                "then": f"{dice.choice(VICTIMS)}:{dice.choice(SIDES)}:{dice.randint(1, 12)}",
            }
        )
        for _ in range(count)
    ]
