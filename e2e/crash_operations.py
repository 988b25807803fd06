"""What an operator does in a cell of the crash matrix: before it, in the operation, while the world recovers, and after."""

from __future__ import annotations

import contextlib
import http.client
import os
import pathlib
import signal
import threading
import time
from typing import Protocol

from asking import ABORT, REKEY, RESEAL, RETIRE
from crash_cells import Point
from crash_eyes import Asked, Row
from crash_world import CrashWorld
from planted import key_store
from reseal.client import AttestedClient
from reseal.errors import ResealError
from world import wait_for

LINEAGE = "crash"
WITHIN_S = 60.0
EVERYTHING = ("takeover", "abort", "retire")


class Answered(Protocol):
    """What was asked of somebody, and how it ended."""

    @property
    def done(self) -> bool:
        """Whether it was carried out."""

    @property
    def end(self) -> str:
        """In words."""

    def answered(self) -> bool:
        """Whether it has ended, one way or the other."""


class Operation:
    """One operation of one cell. Whatever ``begin`` asks for is in ``asked``."""

    may: tuple[str, ...] = EVERYTHING
    """What policy lets the supervisor ask for by itself."""
    drains = False
    """Whether a request is in flight for so long that the drain is the application's, not ours."""

    def __init__(self, world: CrashWorld, lineage: str = LINEAGE) -> None:
        self.world = world
        self.lineage = lineage
        self.asked: list[Answered] = []
        self.excused_until = 0.0
        """Nobody was meant to be served before."""

    def prepare(self) -> None:
        """Before points are counted."""

    def begin(self) -> None:
        raise NotImplementedError

    def counted(self, points: list[Point]) -> list[Point]:
        """Those that belong to this operation and to no other one."""
        return points

    def help(self) -> None:
        """Called again and again until the world is whole."""

    def over(self) -> bool:
        return all(each.answered() for each in self.asked)

    def end(self, committed: bool) -> list[str]:
        """What is wrong, once the world is whole and whoever asked was answered; ``committed``: a planned epoch began."""
        return []

    def misled(self, came: bool) -> list[str]:
        """Whether whoever asked first was told what is not so; ``came``: it came to pass."""
        told = self.asked[0].done and not came
        return ["whoever asked was told that it is done, and it did not come to pass"] if told else []

    def ask(self, kind: int) -> Asked:
        asked = self.world.ask(self.lineage, kind)
        self.asked.append(asked)
        return asked

    def row(self) -> Row:
        return self.world.row(self.lineage)

    def settled(self) -> bool:
        """Whether the world is whole: for most operations, that the lineage is served as it was."""
        return self.world.settled(self.lineage)

    def settle(self, what: str) -> None:
        wait_for(what, lambda: self.over() and self.settled(), WITHIN_S)


class Birth(Operation):
    """A first start; whoever starts it again finds the lineage or gives birth to it."""

    def begin(self) -> None:
        self.world.launch(self.lineage)


class Planned(Operation):
    """Whoever asked for it was told the truth; what did not come to pass does when it is asked for again."""

    kind: int

    def begin(self) -> None:
        self.ask(self.kind)

    def came(self, committed: bool) -> bool:
        return committed

    def end(self, committed: bool) -> list[str]:
        came = self.came(committed)
        misled = self.misled(came)
        if came or misled:
            return misled
        again = self.ask(self.kind)
        self.settle("the end of what was asked for again")
        return [] if again.done else [f"it was refused when it was asked for again: {again.end}"]


class Reseal(Planned):
    kind = RESEAL


class Rekey(Planned):
    kind = REKEY

    def begin(self) -> None:
        self._before = self.row().gen
        super().begin()

    def came(self, committed: bool) -> bool:
        """The generation is the register's with the request, and any instance that is served later has it."""
        return self.row().gen > self._before


class Takeover(Operation):
    """Nobody asks for it: the instance is killed."""

    def begin(self) -> None:
        for pid in self.world.pids(self.lineage):
            os.kill(pid, signal.SIGKILL)


def answers(client: AttestedClient) -> bool:
    """Not at once where the cell before left a passport that has ended while nobody could renew it."""
    with contextlib.suppress(ResealError):
        return client.get("/chain?client=slow").status == 200
    return False


class Abort(Operation):
    """A re-seal whose drain runs into its deadline: the supervisor gives it up."""

    drains = True
    flight_s = 4.0

    def begin(self) -> None:
        client = self.world.attested(self.lineage, 5.0)
        # attested before, so that the slow request is in flight at once
        wait_for("an attested answer", lambda: answers(client))
        threading.Thread(target=self._slow, args=(client,), daemon=True).start()
        time.sleep(0.5)
        self.ask(RESEAL)

    def end(self, committed: bool) -> list[str]:
        """It is given up, unless an instance died and another drains in time."""
        return self.misled(committed)

    def _slow(self, client: AttestedClient) -> None:
        with contextlib.suppress(ResealError, OSError), client:
            client.get(f"/slow?s={self.flight_s}")


class AskedAbort(Abort):
    """A re-seal that the operator gives up while it drains."""

    flight_s = 1.5

    def __init__(self, world: CrashWorld) -> None:
        super().__init__(world)
        self._abort: Asked | None = None
        self._ended = threading.Event()

    def begin(self) -> None:
        threading.Thread(target=self._watch, daemon=True).start()
        super().begin()

    def _watch(self) -> None:
        """As soon as it drains, also when it was taken up again after a crash."""
        while self._abort is None and not self._ended.wait(0.01):
            with contextlib.suppress(OSError, http.client.HTTPException, ResealError):
                if self.world.local(self.lineage).phase == "QUIESCE":
                    self._abort = self.ask(ABORT)

    def end(self, committed: bool) -> list[str]:
        self._ended.set()
        wrong = super().end(committed)
        if committed and self._abort is not None and self._abort.done:
            wrong.append("the operator was told that the re-seal is aborted, and it was committed")
        return wrong


class Resume(Operation):
    """A re-seal whose state no candidate can restore: it stops, the operator removes the cause and lets it go on."""

    def prepare(self) -> None:
        self._cause().touch()

    def begin(self) -> None:
        self.ask(RESEAL)

    def counted(self, points: list[Point]) -> list[Point]:
        """From the first failure on; of the authority's writes, those for candidates and what follows them."""
        failed = next(each.number for each in points if each.what == "RESTORE journal FAILED")
        before = ("reseal", "seal-receipt")
        return [each for each in points if not each.what.startswith(before) and (each.store or each.number >= failed)]

    def help(self) -> None:
        with contextlib.suppress(OSError, ResealError):
            if self.world.local(self.lineage).situation == "HALTED" and self.over():
                self._cause().unlink(missing_ok=True)
                self.excused_until = self.excused_until or time.time()
                self.asked.append(Asked(self.world.control(self.lineage), "resume"))

    def end(self, committed: bool) -> list[str]:
        wrong = [] if committed else ["the operation that stopped was not finished"]
        if self._cause().exists():
            self._cause().unlink()
            wrong.append("it never stopped, though no state could be restored")
        return wrong

    def _cause(self) -> pathlib.Path:
        return self.world.home / "lineages" / self.lineage / "restore-refused"


class Retire(Operation):
    """The operator destroys what a re-seal left, where policy does not let the supervisor."""

    may = ("takeover", "abort")

    def prepare(self) -> None:
        self.ask(RESEAL)
        self.settle("the re-seal before")
        wait_for("something to retire", lambda: self.row().retirable != ([], []), WITHIN_S)
        mine = f"wrap/{self.world.lineages[self.lineage]}/"
        self._wraps = tuple(f"{mine}{each.hex()}/" for each in self.row().retirable[0])
        self.asked.clear()

    def begin(self) -> None:
        self.ask(RETIRE)

    def end(self, committed: bool) -> list[str]:
        """Asked again if it did not come to pass, as an operator would; then the keys are gone for good."""
        if self.row().retirable != ([], []):
            self.asked.clear()
            again = self.ask(RETIRE)
            wait_for("the end of the second retire", self.over, WITHIN_S)
            if not again.done:
                return [f"retire was refused when it was asked for again: {again.end}"]
        kept = [name for name in key_store(self.world.home) if name.startswith(self._wraps)]
        return [f"retired keys are in the key store: {sorted(kept)}"] if kept else []
