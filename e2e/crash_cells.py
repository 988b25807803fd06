"""The cells of the crash matrix, and what is found out about one."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field

OPERATIONS = (
    "birth",
    "reseal",
    "rekey",
    "takeover",
    "abort",
    "asked-abort",
    "resume",
    "retire",
    "policy",
    "key-add",
    "close",
)
"""``abort``: by a drain that runs into its deadline; ``asked-abort``: by the operator; ``resume``: of one that stopped."""
ONCE = ("birth", "close")
"""A lineage sees them once: each cell takes a lineage of its own."""
STORE = "store"
"""The authority, at one of its own writes; elsewhere it is the victim at a step of the supervisor."""
VICTIMS = ("supervisor", "old", "new", "authority", "platform", "enclaves", STORE)
SIDES = ("before", "after")


@dataclass(frozen=True)
class Point:
    """One thing that a supervisor does in an operation, or the authority writes, and who lives just then."""

    number: int
    old: int
    new: int
    what: str
    store: bool = False
    """Whether it is a write of the authority."""

    def victims(self) -> list[str]:
        """One that does not live has no cell here."""
        if self.store:
            return [STORE]
        alive = {"old": self.old, "new": self.new, "enclaves": self.old + self.new, STORE: 0}
        return [each for each in VICTIMS if alive.get(each, 1)]


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
    missed: bool = False
    """Whoever was to die was gone already."""
    second: bool = False
    said: str = ""
    """What whoever asked for the operation was told."""

    @property
    def good(self) -> bool:
        return not self.why


def cells(operation: str, points: list[Point], victims: list[str]) -> list[Cell]:
    return [
        Cell(operation, victim, side, point.number, point.what)
        for point in points
        for victim in point.victims()
        if victim in victims
        for side in SIDES
    ]


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
