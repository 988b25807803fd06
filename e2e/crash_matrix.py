"""One world of the crash matrix: its clients, the operations that happen to it, and one cell after another."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Callable
from typing import Any

from crash_cells import STORE, Cell, Point, Verdict
from crash_commands import KeyAdd, Policy
from crash_eyes import journal
from crash_ledger import States
from crash_operations import (
    EVERYTHING,
    LINEAGE,
    Abort,
    AskedAbort,
    Operation,
    Rekey,
    Reseal,
    Resume,
    Retire,
    Takeover,
)
from crash_probe import Probe
from crash_verdict import judge, measure
from crash_world import CrashWorld
from crowd import Client, Crowd
from world import ROOT, WorldError, wait_for

CLIENTS = 2
SETTLE_S = 60.0
ANSWER_S = 20.0
LOOK_S = 0.1
"""Between two looks at a world that recovers: they cost supervisor and authority time."""
BIRTH = "birth"
BIRTHS = 40
"""Lineages that one policy has room for: each birth takes one of its own."""

BY_NAME: dict[str, type[Operation]] = {
    "reseal": Reseal,
    "rekey": Rekey,
    "takeover": Takeover,
    "abort": Abort,
    "asked-abort": AskedAbort,
    "resume": Resume,
    "retire": Retire,
    "policy": Policy,
    "key-add": KeyAdd,
}


class Matrix:
    """One world that lives through all cells of one operation after the other."""

    def __init__(self, home: pathlib.Path, rpo: int, operation: str) -> None:
        self.world = CrashWorld(home, rpo, BIRTHS if operation == BIRTH else 0)
        self.home = home
        self.rpo = rpo
        self._operation = BY_NAME.get(operation)
        self.clients: list[Client] = []
        self._births = 0

    def __enter__(self) -> Matrix:
        try:
            self.world.begin(EVERYTHING if self._operation is None else self._operation.may)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.close()
        self.world.close()

    def serve(self) -> None:
        """The lineage that all operations but birth happen to, and its clients."""
        self.world.disarm()
        self.world.launch(LINEAGE).await_line("serving", 120)
        for n in range(CLIENTS):
            given = {
                **self.world.client_policy(LINEAGE),
                "name": f"c{n}",
                "memory": str(self.home / f"client-{n}.seen"),
            }
            self.clients.append(self._client(given))
        self.crowd = Crowd(self.clients)
        self.states = States(self.home, LINEAGE, self.world.lineages[LINEAGE])

    def _client(self, given: dict[str, Any]) -> Client:
        return Client(given, self.world.world.logs / f"client-{given['name']}.log", ROOT / "e2e" / "crash_client.py")

    # -- the points of an operation that goes well

    def points(self) -> list[Point]:
        if self._operation is None:
            lineage = self._next_birth()
            name = self.world.order("nobody:before:0")
            self.world.launch(lineage)
            points = self._passed(lineage, name, lambda: True)
            self.world.stop(lineage)
            return points
        operation = self._quiet()
        before = self.world.row(LINEAGE).epoch
        name = self.world.order("nobody:before:0")
        operation.begin()
        points = self._passed(LINEAGE, name, lambda: self._over(operation))
        wrong = operation.end(committed=self.world.row(LINEAGE).epoch > before)
        if wrong:
            raise WorldError(f"it does not go well without a crash either: {wrong}")
        return operation.counted(points)

    def _quiet(self) -> Operation:
        """The world at rest, and the next operation prepared."""
        assert self._operation is not None
        what = f"a quiet beginning: {self.world.describe(LINEAGE)}"
        wait_for(what, lambda: self.world.settled(LINEAGE), SETTLE_S)
        operation = self._operation(self.world)
        operation.prepare()
        return operation

    @staticmethod
    def _over(operation: Operation) -> bool:
        operation.help()
        return operation.over()

    def _passed(self, lineage: str, name: str, over: Callable[[], bool]) -> list[Point]:
        """Those of the supervisor, then those of the authority."""
        begin = f"crash-point {name} "
        counted = (lineage, "authority")
        wait_for("points", lambda: any(self.world.said(each, begin) for each in counted), SETTLE_S)
        wait_for("the end", lambda: over() and self.world.settled(lineage), SETTLE_S)
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
        """No lineage is left for another birth."""
        return self._births == BIRTHS

    def _next_birth(self) -> str:
        name = f"birth-{self._births}"
        self._births += 1
        return name

    # -- one cell

    def run(self, cell: Cell) -> Verdict:
        begun = time.monotonic()
        verdict = Verdict(cell)
        try:
            if self._operation is None:
                self._birth(cell, verdict)
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
            crashed = self._recover(cell, verdict, LINEAGE, name, operation)
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
        measure(verdict, probe, crashed, list(journal(self.home / "lineages" / LINEAGE / "journal")), operation, begun)
        judge(verdict, self.rpo, answers, states)
        verdict.why += operation.end(committed=any(not each.takeover for each in begun))

    def _recover(
        self, cell: Cell, verdict: Verdict, lineage: str, name: str, operation: Operation | None = None
    ) -> float:
        """From the order to a world that is whole again; when it crashed."""
        world = self.world
        helped: Callable[[], object] = operation.help if operation else lambda: None

        def crashes() -> bool:
            helped()
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
            helped()
            if time.monotonic() - looked < LOOK_S:
                return False
            looked = time.monotonic()
            return world.settled(lineage)

        wait_for(f"recovery from {cell}", whole, SETTLE_S)
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

    def _birth(self, cell: Cell, verdict: Verdict) -> None:
        """A new lineage whose first start crashes; whoever starts it again finds it or gives birth to it."""
        world = self.world
        lineage = self._next_birth()
        name = world.order(cell.point)
        world.launch(lineage)
        self._recover(cell, verdict, lineage, name)
        client = self._client(
            {**world.client_policy(lineage), "name": lineage, "memory": str(self.home / f"{lineage}.seen")}
        )
        try:
            crowd = Crowd([client])
            crowd.ask("run")
            time.sleep(0.3)
            states = States(self.home, lineage, world.lineages[lineage])
            judge(verdict, self.rpo, crowd.ask("pause"), states.all())
        finally:
            client.close()
        verdict.epochs = 0, world.row(lineage).epoch
        world.stop(lineage)
