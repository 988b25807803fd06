"""The crash matrix with real processes: SIGKILL or a power transition, before and after all that a supervisor writes and orders.

A cell is (operation, victim, side, number). The supervisor of a cell is ``dev.reseal.simulation.CrashRun``, which is the ordinary one
with somebody standing between it and its journal and orders. Attested clients write and read all the while; a cell is good when
exactly one instance serves afterwards, whoever asked was answered, and every client's history holds. When a world has ended, its
register, journals and instances' steps are replayed against the tables of ``spec/``. ``python3 e2e/crash.py --help``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import random
import sys
import tempfile
from dataclasses import asdict

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import traces
from crash_cells import ONCE, OPERATIONS, VICTIMS, Cell, Point, Verdict, cells, pairs
from crash_matrix import Matrix
from crash_operations import LINEAGE
from crash_verdict import mark, show, summary
from crash_world import require_built
from world import WorldError, remove

RPO = 64


class Run:
    """Cells one after another, in a world that is made anew when a cell broke it."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.verdicts: list[Verdict] = []
        self.points: dict[str, list[Point]] = {}
        self.contradictions: list[str] = []
        """Traces that the tables of ``spec/`` do not allow, a text for each world."""
        self._named = set(given.cells)
        self.stack = contextlib.ExitStack()

    def all(self) -> None:
        with self.stack:
            for operation in self.given.operations:
                self._operation(operation)
        if self._named:
            raise WorldError(f"no operation has a cell of this name: {', '.join(sorted(self._named))}")

    def _matrix(self, operation: str) -> Matrix:
        home = pathlib.Path(tempfile.mkdtemp(prefix="rs", dir=self.given.home))
        matrix = self.stack.enter_context(Matrix(home, self.given.rpo, operation))
        if operation not in ONCE:
            matrix.serve()
        return matrix

    def _operation(self, operation: str) -> None:
        matrix = self._matrix(operation)
        try:
            self.points[operation] = matrix.points()
        except WorldError:
            self.stack.close()
            self._replay(matrix.home)
            raise
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
        self._replay(matrix.home)
        if self.good:
            remove(matrix.home)

    def _replay(self, home: pathlib.Path) -> None:
        try:
            replayed = traces.replay(home).splitlines()
        except traces.TraceError as contradiction:
            self.contradictions.append(str(contradiction))
            self._keep()
            print(f"BAD  traces of {home}:\n{contradiction}", flush=True)
        else:
            print(f"ok   traces: {replayed[0]}, {len(replayed) - 2} journals, {replayed[-1]}", flush=True)

    @property
    def good(self) -> bool:
        return all(each.good for each in self.verdicts) and not self.contradictions

    def _keep(self) -> None:
        """After every cell, so that a run that is ended early has counted too."""
        if self.given.json:
            rows = [{**asdict(each), "good": each.good} for each in self.verdicts]
            points = {operation: [asdict(each) for each in steps] for operation, steps in self.points.items()}
            found = {"cells": rows, "points": points, "contradictions": self.contradictions}
            self.given.json.write_text(json.dumps(found))

    def _chosen(self, operation: str) -> list[Cell]:
        given = self.given
        chosen = cells(operation, self.points[operation], given.victims)
        if not chosen:
            raise WorldError(f"the supervisor passed no point of {operation}: nothing was tried")
        if given.cells:
            named = {f"{operation} {each.victim}:{each.side}:{each.what}": each for each in reversed(chosen)}
            named |= {f"{operation} {each.point}": each for each in chosen}
            self._named -= named.keys()
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
        print(f"{mark(verdict):<4} {verdict.cell}: {told}", flush=True)
        for each in verdict.why:
            print(f"     {each}", flush=True)


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
    parser.add_argument(
        "--cells",
        nargs="+",
        default=[],
        metavar="'OPERATION VICTIM:SIDE:STEP'",
        help="only these; a step by its number, or by its words, which name the first that has them",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rpo", type=int, default=RPO, help="acknowledged writes that a kill may cost (0: none)")
    parser.add_argument("--shard", type=lambda text: tuple(map(int, text.split("/"))), default=(0, 1), metavar="I/N")
    parser.add_argument("--home", type=pathlib.Path, help="make the worlds there (a short path)")
    parser.add_argument("--json", type=pathlib.Path, help="write every cell there")
    given = parser.parse_args()
    try:
        require_built()
        run = Run(given)
        run.all()
    except WorldError as fault:
        print(f"crash: {fault}", file=sys.stderr)
        return 2
    print("\n".join([*show(run.points, run.verdicts), *summary(run.verdicts, run.contradictions, given)]))
    return 0 if run.verdicts and run.good else 1


if __name__ == "__main__":
    sys.exit(main())
