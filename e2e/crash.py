"""The crash matrix with real processes: SIGKILL or a power transition, before and after all that a supervisor writes and orders.

A cell is (operation, victim, side, number). The supervisor of a cell is ``dev.reseal.simulation.CrashRun``, which is the ordinary one
with somebody standing between it and its journal and orders. Attested clients write and read all the while; a cell is good when
exactly one instance serves afterwards, whoever asked was answered, and every client's history holds. ``python3 e2e/crash.py --help``.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "demo"))

from crash_world import (
    PHASE_CREATE,
    REKEY,
    RESEAL,
    TAKEOVER,
    Asked,
    CrashWorld,
    Probe,
    journal,
    own_time,
    require_built,
)
from reseal.client import AttestedClient
from reseal.errors import ResealError
from run import Client, Crowd
from world import ROOT, WorldError, wait_for

LINEAGE = "crash"
RPO = 64
OPERATIONS = ("birth", "reseal", "rekey", "takeover", "abort")
VICTIMS = ("supervisor", "old", "new", "authority", "platform", "enclaves")
SIDES = ("before", "after")
CLIENTS = 2
SETTLE_S = 60.0
ANSWER_S = 20.0
STALL_MS = 250
BIRTHS = 40
"""Lineages that one policy has room for: each birth takes one of its own."""


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
        self._measure(verdict, probe, crashed, before.epoch)
        self._judge(verdict, answers)

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

    def _measure(self, verdict: Verdict, probe: Probe, crashed: float, epoch: int) -> None:
        """The longest silence, without what the passport's end and the application's own start take of it."""
        marks = [crashed, *(each for each in probe.answers if each > crashed)]
        if len(marks) == 1:
            verdict.why.append("nobody was answered after the crash")
            return
        begin, end = max(itertools.pairwise(marks), key=lambda gap: gap[1] - gap[0])
        excused = list(self._starts(begin, end))
        if verdict.taken_over:
            ends = [
                at + row.wait_ms / 1000 for at, row in probe.waits if row.epoch == epoch and row.wait_ms and at <= end
            ]
            if ends:
                excused.append((begin, ends[-1]))
        verdict.stalled_ms = round(probe.stalled_s * 1000)
        verdict.silent_ms = round((end - begin) * 1000)
        verdict.own_ms = round(own_time((begin, end), excused) * 1000)

    def _starts(self, begin: float, end: float) -> Iterator[tuple[float, float]]:
        """From each order to create a process until it spoke for the first time, or the supervisor ended."""
        since = 0.0
        for at, _, phase, edge in journal(self.home / "lineages" / LINEAGE / "journal"):
            if phase == PHASE_CREATE and edge == 0:
                since = at
            elif since and phase == PHASE_CREATE and begin < at:
                yield since, at
                since = 0.0

    def _judge(self, verdict: Verdict, answers: list[dict[str, Any]]) -> None:
        verdict.gone = sum(each["gone"] for each in answers)
        verdict.requests = sum(each["requests"] for each in answers)
        for each in answers:
            verdict.why += each["notes"]
        if verdict.gone and not (verdict.taken_over and self.rpo):
            verdict.why.append(f"{verdict.gone} acknowledged updates are gone without a takeover that may cost them")
        if 2 * verdict.gone > self.rpo:
            verdict.why.append(f"{verdict.gone} updates are gone, policy allows {self.rpo} writes, 2 for each")
        losers = [each for each in answers if each["gone"]]
        if len(losers) > 1 and max(each["kept_to"] for each in losers) >= min(each["gone_from"] for each in losers):
            verdict.why.append(f"what is gone is not a suffix of all updates: {losers}")

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
            self._judge(verdict, crowd.ask("pause"))
        finally:
            client.close()
        verdict.epochs = 0, world.row(lineage).epoch
        world.stop(lineage)


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


class Run:
    """Cells one after another, in a world that is made anew when a cell broke it."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.verdicts: list[Verdict] = []
        self.points: dict[str, list[Point]] = {}
        self.stack = contextlib.ExitStack()

    def all(self) -> list[Verdict]:
        with self.stack:
            for operation in self.given.operations:
                self._operation(operation)
        return self.verdicts

    def _matrix(self, operation: str) -> Matrix:
        home = pathlib.Path(tempfile.mkdtemp(prefix="rs", dir=self.given.home))
        matrix = self.stack.enter_context(Matrix(home, self.given.rpo, BIRTHS if operation == "birth" else 0))
        if operation != "birth":
            matrix.serve()
        return matrix

    def _operation(self, operation: str) -> None:
        matrix = self._matrix(operation)
        self.points[operation] = matrix.points(operation)
        chosen = self._chosen(operation)
        for cell in chosen:
            if matrix.spent:
                matrix = self._anew(operation, matrix)
            try:
                verdict = matrix.run(cell)
            except (WorldError, OSError) as fault:
                verdict = Verdict(cell, [str(fault), matrix.world.describe(LINEAGE)])
            self.verdicts.append(verdict)
            self._say(verdict)
            self._keep()
            if not verdict.good:
                print(f"     its world: {matrix.home}", flush=True)
                matrix = self._anew(operation, matrix)
        self._end(matrix)

    def _anew(self, operation: str, matrix: Matrix) -> Matrix:
        self._end(matrix)
        return self._matrix(operation)

    def _end(self, matrix: Matrix) -> None:
        self.stack.close()
        if all(each.good for each in self.verdicts):
            shutil.rmtree(matrix.home)

    def _keep(self) -> None:
        """After every cell, so that a run that is ended early has counted too."""
        if self.given.json:
            rows = [{**asdict(each), "good": each.good} for each in self.verdicts]
            points = {operation: [asdict(each) for each in steps] for operation, steps in self.points.items()}
            self.given.json.write_text(json.dumps({"cells": rows, "points": points}))

    def _chosen(self, operation: str) -> list[Cell]:
        given = self.given
        chosen = cells(operation, self.points[operation], given.victims)
        if not chosen:
            raise WorldError(f"the supervisor passed no point of {operation}: nothing was tried")
        if given.cells:
            named = {f"{operation} {each.victim}:{each.side}:{each.what}": each for each in reversed(chosen)}
            return [named[name] for name in given.cells if name in named]
        if given.pairs:
            share = given.pairs // len(given.operations) + (
                given.operations.index(operation) < given.pairs % len(given.operations)
            )
            chosen = pairs(chosen, share, given.seed)
        else:
            chosen = random.Random(given.seed).sample(chosen, min(given.sample or len(chosen), len(chosen)))
        part, whole = given.shard
        return chosen[part::whole]

    def _say(self, verdict: Verdict) -> None:
        told = f"{verdict.epochs[0]}>{verdict.epochs[1]}{' takeover' if verdict.taken_over else ''} gone {verdict.gone}"
        told += f" silent {verdict.silent_ms} ms own {verdict.own_ms} ms stalled {verdict.stalled_ms} ms took {verdict.took_s:.1f} s"
        print(f"{'ok  ' if verdict.good else 'BAD '} {verdict.cell}: {told}", flush=True)
        for each in verdict.why:
            print(f"     {each}", flush=True)


def show(points: dict[str, list[Point]], verdicts: list[Verdict]) -> Iterator[str]:
    """Rows: what the supervisor does; columns: who is killed, before and after it."""
    found: dict[tuple[str, str, str, int], list[bool]] = {}
    for each in verdicts:
        cell = each.cell
        found.setdefault((cell.operation, cell.victim, cell.side, cell.number), []).append(each.good)
    yield f"{'operation and step':<46}" + "".join(f"{victim:>13}" for victim in VICTIMS)
    for operation, steps in points.items():
        for step in steps:
            marks = [[found.get((operation, victim, side, step.number)) for side in SIDES] for victim in VICTIMS]
            row = [" ".join("." if each is None else "ok" if all(each) else "BAD" for each in mark) for mark in marks]
            yield f"{operation:<9}{step.number:>3} {step.what:<33}" + "".join(f"{each:>13}" for each in row)


def percentile(numbers: list[int], part: float) -> int:
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--operations", nargs="+", default=list(OPERATIONS), choices=OPERATIONS)
    parser.add_argument("--victims", nargs="+", default=list(VICTIMS), choices=VICTIMS)
    parser.add_argument(
        "--sample", type=int, default=0, help="of each operation only so many cells, chosen by the seed"
    )
    parser.add_argument(
        "--pairs", type=int, default=0, help="so many cells in all, each with a second crash in its recovery"
    )
    parser.add_argument("--cells", nargs="+", default=[], metavar="'OPERATION VICTIM:SIDE:WHAT'", help="only these")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rpo", type=int, default=RPO, help="acknowledged writes that a kill may cost (0: none)")
    parser.add_argument("--shard", type=lambda text: tuple(map(int, text.split("/"))), default=(0, 1), metavar="I/N")
    parser.add_argument("--home", type=pathlib.Path, help="make the worlds there (a short path)")
    parser.add_argument("--json", type=pathlib.Path, help="write every cell there")
    given = parser.parse_args()
    try:
        require_built()
        run = Run(given)
        verdicts = run.all()
    except WorldError as fault:
        print(f"crash: {fault}", file=sys.stderr)
        return 2
    print("\n".join([*show(run.points, verdicts), *summary(verdicts, given)]))
    return 1 if not verdicts or not all(each.good for each in verdicts) else 0


def summary(verdicts: list[Verdict], given: argparse.Namespace) -> Iterator[str]:
    bad = sum(not each.good for each in verdicts)
    second = sum(each.second for each in verdicts)
    requests = sum(each.requests for each in verdicts)
    measured = [each for each in verdicts if each.cell.operation != "birth" and each.good]
    own = [each.own_ms for each in measured if each.stalled_ms <= STALL_MS]
    yield (
        f"{len(verdicts)} cells, {bad} bad, {second} with a second crash, {requests} requests, "
        f"seed {given.seed}, rpo {given.rpo}, platform EMULATED"
    )
    yield (
        f"silence beyond passport and application: median {percentile(own, 0.5)} ms, p99 {percentile(own, 0.99)} ms, "
        f"most {max(own, default=0)} ms, {len(own)} cells; {len(measured) - len(own)} more in which the driver itself "
        f"stood still for over {STALL_MS} ms are not counted"
    )


if __name__ == "__main__":
    sys.exit(main())
