"""One world of the crash matrix: its clients, the operations that happen to it, and one cell after another."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import threading
import time
from typing import Any

from crash_cells import Cell, Point, Verdict
from crash_eyes import Asked, journal
from crash_probe import Probe
from crash_verdict import judge, measure
from crash_world import REKEY, RESEAL, TAKEOVER, CrashWorld
from reseal.client import AttestedClient
from reseal.errors import ResealError
from run import Client, Crowd
from world import ROOT, WorldError, wait_for

LINEAGE = "crash"
CLIENTS = 2
SETTLE_S = 60.0
ANSWER_S = 20.0
BIRTHS = 40
"""Lineages that one policy has room for: each birth takes one of its own."""


class Matrix:
    """One world that lives through all cells of one operation after the other."""

    def __init__(self, home: pathlib.Path, rpo: int, births: int) -> None:
        self.world = CrashWorld(home, rpo, births)
        self.home = home
        self.rpo = rpo
        self.clients: list[Client] = []
        self._births = 0

    def __enter__(self) -> Matrix:
        try:
            self.world.begin()
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

    def _client(self, given: dict[str, Any]) -> Client:
        return Client(given, self.world.world.logs / f"client-{given['name']}.log", ROOT / "e2e" / "crash_client.py")

    # -- the points of an operation that goes well

    def points(self, operation: str) -> list[Point]:
        lineage = LINEAGE
        if operation == "birth":
            lineage = self._next_birth()
            name = self.world.order("nobody:before:0")
            self.world.launch(lineage)
        else:
            wait_for("a quiet beginning", lambda: self.world.settled(lineage), SETTLE_S)
            name = self.world.order("nobody:before:0")
            self._operate(operation)
        begin = f"crash-point {name} "
        wait_for(f"the points of {operation}", lambda: bool(self.world.said(lineage, begin)), SETTLE_S)
        wait_for(f"the end of {operation}", lambda: self.world.settled(lineage), SETTLE_S)
        time.sleep(1.0)
        self.world.disarm()
        if operation == "birth":
            self.world.stop(lineage)
        return [self._point(line[len(begin) :]) for line in self.world.said(lineage, begin)]

    @staticmethod
    def _point(text: str) -> Point:
        number, old, new, what = text.split(" ", 3)
        return Point(int(number), int(old), int(new), what)

    @property
    def spent(self) -> bool:
        """No lineage is left for another birth."""
        return self._births == BIRTHS

    def _next_birth(self) -> str:
        name = f"birth-{self._births}"
        self._births += 1
        return name

    # -- operations

    def _operate(self, operation: str) -> Asked | None:
        if operation == "takeover":
            for pid in self.world.pids(LINEAGE):
                os.kill(pid, signal.SIGKILL)
            return None
        if operation == "abort":
            client = self.world.attested(LINEAGE, 5.0)
            client.get("/chain?client=slow")  # attested before, so that the slow request is in flight at once
            threading.Thread(target=self._slow, args=(client,), daemon=True).start()
            time.sleep(0.5)
        return self.world.ask(LINEAGE, REKEY if operation == "rekey" else RESEAL)

    @staticmethod
    def _slow(client: AttestedClient) -> None:
        """A request that is in flight for longer than the application lets a drain take."""
        with contextlib.suppress(ResealError, OSError), client:
            client.get("/slow?s=4")

    # -- one cell

    def run(self, cell: Cell) -> Verdict:
        begun = time.monotonic()
        verdict = Verdict(cell)
        try:
            if cell.operation == "birth":
                self._birth(cell, verdict)
            else:
                self._cell(cell, verdict)
        finally:
            self.world.disarm()
        verdict.took_s = time.monotonic() - begun
        return verdict

    def _cell(self, cell: Cell, verdict: Verdict) -> None:
        world = self.world
        wait_for(f"a quiet beginning of {cell}: {world.describe(LINEAGE)}", lambda: world.settled(LINEAGE), SETTLE_S)
        before = world.row(LINEAGE)
        self.crowd.ask("run")
        time.sleep(0.2)
        name = world.order(cell.point)
        probe = Probe(world, LINEAGE)
        asked = self._operate(cell.operation)
        try:
            crashed = self._recover(cell, verdict, LINEAGE, name)
            whole = time.time()
            wait_for(f"an answer after {cell}", lambda: bool(probe.answers) and probe.answers[-1] > whole, SETTLE_S)
        finally:
            probe.end()
            answers = self.crowd.ask("pause")
            if asked is not None:
                self._answered(asked, verdict)
        after = world.row(LINEAGE)
        verdict.epochs = before.epoch, after.epoch
        verdict.taken_over = after.kind == TAKEOVER and after.epoch > before.epoch
        measure(verdict, probe, crashed, list(journal(self.home / "lineages" / LINEAGE / "journal")))
        judge(verdict, self.rpo, answers)

    def _recover(self, cell: Cell, verdict: Verdict, lineage: str, name: str) -> float:
        """From the order to a world that is whole again; when it crashed."""
        world = self.world
        begin = f"crash {name} "
        wait_for(f"the crash of {cell}", lambda: bool(world.said(lineage, begin)), SETTLE_S)
        crashed = time.time()
        second = ""
        if cell.victim in ("authority", "platform", "supervisor"):
            process = world.world.processes[lineage if cell.victim == "supervisor" else cell.victim]
            process.popen.wait(10)
        if cell.then and cell.victim in ("authority", "platform"):
            world.mend(lineage)
        if cell.then:
            second = world.order(cell.then)
        else:
            world.disarm()

        def whole() -> bool:
            if second and world.said(lineage, f"crash {second} "):
                world.disarm()  # once: every supervisor that comes back would pass the same point
            world.mend(lineage)
            return world.settled(lineage)

        wait_for(f"recovery from {cell}", whole, SETTLE_S)
        if second:
            time.sleep(0.3)
            verdict.second = bool(world.said(lineage, f"crash {second} "))
            world.disarm()
            wait_for(f"recovery from {cell}", whole, SETTLE_S)
        return crashed

    def _answered(self, asked: Asked, verdict: Verdict) -> None:
        try:
            wait_for("the answer", asked.answered, ANSWER_S)
        except WorldError:
            verdict.why.append(f"whoever asked was not answered within {ANSWER_S:g} s of the recovery")
        verdict.said = asked.end

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
            judge(verdict, self.rpo, crowd.ask("pause"))
        finally:
            client.close()
        verdict.epochs = 0, world.row(lineage).epoch
        world.stop(lineage)
