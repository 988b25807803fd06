"""One world of the crash matrix: its clients, the operations that happen to it, and one cell after another."""

from __future__ import annotations

import pathlib
import time

from crash_cells import ONCE, STORE, Cell, Point, Verdict
from crash_commands import Close, KeyAdd, Policy
from crash_ledger import States
from crash_operations import (
    LINEAGE,
    Abort,
    AskedAbort,
    Birth,
    Operation,
    Rekey,
    Reseal,
    Resume,
    Retire,
    Takeover,
)
from crash_probe import Probe
from crash_verdict import judge, measure
from crash_world import SPARE, CrashWorld
from crowd import Client, Crowd
from journals import entries
from world import ROOT, WorldError, wait_for

CLIENTS = 2
SETTLE_S = 60.0
ANSWER_S = 20.0
LOOK_S = 0.1
"""Between two looks at a world that recovers: they cost supervisor and authority time."""
LINEAGES = 40
"""For operations that a lineage sees once: one policy has room for so many."""

BY_NAME: dict[str, type[Operation]] = {
    "birth": Birth,
    "reseal": Reseal,
    "rekey": Rekey,
    "takeover": Takeover,
    "abort": Abort,
    "asked-abort": AskedAbort,
    "resume": Resume,
    "retire": Retire,
    "policy": Policy,
    "key-add": KeyAdd,
    "close": Close,
}


class Matrix:
    """One world that lives through all cells of one operation after the other."""

    def __init__(self, home: pathlib.Path, rpo: int, operation: str) -> None:
        self._once = operation in ONCE
        self.world = CrashWorld(home, rpo, LINEAGES if self._once else 0)
        self.home = home
        self.rpo = rpo
        self._operation = BY_NAME[operation]
        self.clients: list[Client] = []
        self._taken = 0

    def __enter__(self) -> Matrix:
        try:
            self.world.begin(self._operation.may)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.close()
        self.world.close()

    def serve(self) -> None:
        """The lineage that operations happen to again and again, and its clients."""
        self.world.disarm()
        self.world.launch(LINEAGE).await_line("serving", 120)
        for n in range(CLIENTS):
            self.clients.append(self._client(LINEAGE, f"c{n}"))
        self.crowd = Crowd(self.clients)
        self.states = States(self.home, LINEAGE, self.world.lineages[LINEAGE])

    def _client(self, lineage: str, name: str) -> Client:
        return Client(ROOT / "e2e" / "crash_client.py", self.home, name, self.world.introduction(lineage))

    # -- the points of an operation that goes well

    def points(self) -> list[Point]:
        operation = self._next() if self._once else self._quiet()
        before = 0 if self._once else operation.row().epoch
        name = self.world.order("nobody:before:0")
        operation.begin()
        points = self._passed(operation, name)
        wrong = operation.end(committed=operation.row().epoch > before)
        if wrong:
            raise WorldError(f"it does not go well without a crash either: {wrong}")
        if self._once:
            self.world.stop(operation.lineage)
        return operation.counted(points)

    def _quiet(self) -> Operation:
        """The world at rest, and the next operation prepared."""
        what = f"a quiet beginning: {self.world.describe(LINEAGE)}"
        wait_for(what, lambda: self.world.settled(LINEAGE), SETTLE_S)
        operation = self._operation(self.world)
        operation.prepare()
        return operation

    def _next(self) -> Operation:
        """The operation prepared for a lineage that it never happened to."""
        operation = self._operation(self.world, f"{SPARE}{self._taken}")
        self._taken += 1
        operation.prepare()
        return operation

    @staticmethod
    def _over(operation: Operation) -> bool:
        operation.help()
        return operation.over()

    def _passed(self, operation: Operation, name: str) -> list[Point]:
        """Those of the supervisor, then those of the authority."""
        begin = f"crash-point {name} "
        counted = (operation.lineage, "authority")
        wait_for("points", lambda: any(self.world.said(each, begin) for each in counted), SETTLE_S)
        wait_for("the end", lambda: self._over(operation) and operation.settled(), SETTLE_S)
        time.sleep(1.0)
        self.world.disarm()
        return [
            self._point(line[len(begin) :], each == "authority")
            for each in counted
            for line in self.world.said(each, begin)
        ]

    @staticmethod
    def _point(text: str, store: bool) -> Point:
        number, old, new, what = text.split(" ", 3)
        return Point(int(number), int(old), int(new), what, store)

    @property
    def spent(self) -> bool:
        """No lineage is left for another cell."""
        return self._taken == LINEAGES

    # -- one cell

    def run(self, cell: Cell) -> Verdict:
        begun = time.monotonic()
        verdict = Verdict(cell)
        try:
            if self._once:
                self._first(cell, verdict)
            else:
                self._cell(cell, verdict)
        finally:
            self.world.disarm()
        verdict.took_s = time.monotonic() - begun
        return verdict

    def _cell(self, cell: Cell, verdict: Verdict) -> None:
        world = self.world
        operation = self._quiet()
        before = world.row(LINEAGE)
        self.crowd.ask("run")
        time.sleep(0.2)
        name = world.order(cell.point)
        probe = Probe(world, LINEAGE)
        try:
            operation.begin()
            crashed = self._recover(cell, verdict, operation, name)
            whole = time.time()
            wait_for(f"an answer after {cell}", lambda: bool(probe.answers) and probe.answers[-1] > whole, SETTLE_S)
        finally:
            probe.end()
            answers = self.crowd.ask("pause")
            self._answered(operation, verdict)
        verdict.epochs = before.epoch, world.row(LINEAGE).epoch
        states = self.states.all()
        begun = [each for each in states if before.epoch < each.epoch]
        verdict.taken_over = any(each.takeover for each in begun)
        noted = list(entries(self.home / "lineages" / LINEAGE / "journal"))
        measure(verdict, probe, crashed, noted, operation, begun)
        judge(verdict, self.rpo, answers, states)
        verdict.why += operation.end(committed=any(not each.takeover for each in begun))

    def _recover(self, cell: Cell, verdict: Verdict, operation: Operation, name: str) -> float:
        """From the order to a world that is whole again; when it crashed."""
        world = self.world
        lineage = operation.lineage

        def crashes() -> bool:
            operation.help()
            return world.crashed(lineage, name)

        wait_for(f"the crash of {cell}", crashes, SETTLE_S)
        crashed = time.time()
        second = ""
        died = {"supervisor": lineage, STORE: "authority"}.get(cell.victim, cell.victim)
        if died in world.world.processes:
            world.world.processes[died].popen.wait(10)
        if cell.then and died in ("authority", "platform"):
            world.mend(lineage)
        if cell.then:
            second = world.order(cell.then)
        else:
            world.disarm()

        looked = 0.0

        def whole() -> bool:
            nonlocal looked
            if second and world.crashed(lineage, second):
                world.disarm()  # once: every supervisor that comes back would pass the same point
            world.mend(lineage)
            operation.help()
            if time.monotonic() - looked < LOOK_S:
                return False
            looked = time.monotonic()
            return operation.settled()

        wait_for(f"recovery from {cell}", whole, SETTLE_S)
        verdict.missed = world.missed(lineage, name)
        if second:
            time.sleep(0.3)
            verdict.second = world.crashed(lineage, second)
            world.disarm()
            wait_for(f"recovery from {cell}", whole, SETTLE_S)
        return crashed

    @staticmethod
    def _answered(operation: Operation, verdict: Verdict) -> None:
        try:
            wait_for("the answer", operation.over, ANSWER_S)
        except WorldError:
            verdict.why.append(f"whoever asked was not answered within {ANSWER_S:g} s of the recovery")
        else:
            verdict.said = "; ".join(each.end for each in operation.asked)

    def _first(self, cell: Cell, verdict: Verdict) -> None:
        """It happens to a lineage of its own; what it leaves is served, if it is to be, to a client that saw nothing before."""
        operation = self._next()
        name = self.world.order(cell.point)
        operation.begin()
        self._recover(cell, verdict, operation, name)
        self._answered(operation, verdict)
        verdict.why += operation.end(committed=True)
        if operation.row().state == "ACTIVE":
            self._serves(operation.lineage, verdict)
        verdict.epochs = 0, operation.row().epoch
        self.world.stop(operation.lineage)

    def _serves(self, lineage: str, verdict: Verdict) -> None:
        client = self._client(lineage, lineage)
        try:
            crowd = Crowd([client])
            crowd.ask("run")
            time.sleep(0.3)
            states = States(self.home, lineage, self.world.lineages[lineage])
            judge(verdict, self.rpo, crowd.ask("pause"), states.all())
        finally:
            client.close()
