"""The crash matrix with real processes: SIGKILL before and after everything that a supervisor does in an operation.

A cell is (operation, victim, side, number). The supervisor of a cell is ``dev.reseal.simulation.CrashRun``, which is the ordinary one with
somebody standing between it and its journal and orders. Attested clients read and write all the while and keep ledgers; a cell is good when
exactly one instance serves afterwards and every ledger agrees. ``python3 e2e/crash.py --help``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "demo"))

from run import Client, Crowd
from world import ROOT, Process, World, WorldError, wait_for

NAME = "crash"
APP = ROOT / "python" / "examples" / "customers" / "app.py"
LIFE_MS, SKEW_MS, RPO = 4000, 200, 64
OPERATIONS = ("reseal", "rekey", "takeover")
VICTIMS = ("supervisor", "old", "new", "authority", "platform")
RECORDS = 200


@dataclass(frozen=True)
class Cell:
    operation: str
    victim: str
    side: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.operation} {self.victim} {self.side} {self.number} ({self.what})"


class Matrix:
    """One world that lives through all cells."""

    def __init__(self, home: pathlib.Path) -> None:
        self.world = World(home)
        self.home = home
        self.armed = home / "armed"
        self.clients: list[Client] = []

    def __enter__(self) -> Matrix:
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _begin(self) -> None:
        world = self.world
        world.cli("authority", "init")
        world.cli("platform", "init")
        self._start("authority")
        self._start("platform")
        policy = self.home / "policy.json"
        words = ["draft", "--lineage", NAME, "--purpose", "billing-token", "--rpo-updates", str(RPO)]
        words += ["--life-ms", str(LIFE_MS), "--skew-ms", str(SKEW_MS), "--", sys.executable, str(APP)]
        policy.write_text(world.cli(*words).stdout)
        world.cli("authority", "policy", "apply", str(policy))
        self._start("supervisor")
        self._crowd(json.loads(policy.read_text())["lineages"][0])

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.close()
        self.world.close()

    def _crowd(self, lineage: dict[str, Any]) -> None:
        given = {
            "url": f"https://127.0.0.1:{self.status()['supervisor']['public_port']}",
            "authority_spki": str(self.home / "public" / "authority.spki"),
            "lineage": lineage["lineage"],
            "mrenclave": lineage["allowed"][0]["mrenclave"],
            "skew_ms": SKEW_MS,
            "records": RECORDS,
        }
        for n in range(2):
            memory = str(self.home / f"client-{n}.seen")
            log = self.world.logs / f"client-{n}.log"
            self.clients.append(Client({**given, "name": f"c{n}", "memory": memory}, log))
        self.crowd = Crowd(self.clients)
        self.crowd.ask("load")

    def _start(self, name: str) -> None:
        if name == "supervisor":
            words = ["run", "--lineage", NAME, "--", sys.executable, str(APP)]
            self.world.start(name, *words, ready="serving", within_s=60)
        else:
            self.world.start(name, name, "start", ready="ready", within_s=60)

    def _start_crashing(self, point: str) -> Process:
        pids = [str(self.world.processes[each].pid) for each in ("authority", "platform")]
        java = subprocess.check_output([str(ROOT / "build" / "jdk.sh")], text=True).strip() + "/bin/java"
        path = f"{ROOT}/simulation/target/quick/classes:{ROOT}/cli/target/quick/lib/*"
        command = [java, "-XX:+UseSerialGC", "-Xmx128m", "--enable-native-access=ALL-UNNAMED", f"-Dreseal.root={ROOT}"]
        command += ["-cp", path, "dev.reseal.simulation.CrashRun", point, *pids, str(self.armed)]
        command += ["--lineage", NAME, "--home", str(self.home), "--", sys.executable, str(APP)]
        process = Process("supervisor", command, self.world.logs / "supervisor.log")
        self.world.processes["supervisor"] = process
        process.await_line("serving", 60)
        return process

    def status(self) -> Any:
        return self.world.json("status", NAME)

    def settled(self) -> bool:
        """One instance serves, nothing is under way, register and supervisor agree."""
        with contextlib.suppress(WorldError, json.JSONDecodeError, subprocess.TimeoutExpired):
            status = self.status()
            here = status.get("supervisor", {})
            serving = [each for each in here.get("instances", ()) if each["state"] == "SERVING"]
            time.sleep(0.3)  # a platform takes its instances with it, but not in the same instant
            return bool(
                all(pathlib.Path(f"/proc/{each['pid']}").exists() for each in serving)
                and status["state"] == "ACTIVE"
                and here.get("situation") == "IDLE"
                and len(serving) == 1
                and len(here["instances"]) == 1
            )
        return False

    def points(self, operation: str) -> list[str]:
        """Everything that the supervisor does in an operation that goes well, in order."""
        process = self._replace("nobody:before:1")
        self._operate(operation)
        wait_for(f"the end of {operation}", self.settled, 60)
        lines = [line.split(" ", 2) for line in process.output().splitlines() if line.startswith("crash-point ")]
        return [what for _, _, what in lines]

    def _replace(self, point: str) -> Process:
        self.armed.unlink(missing_ok=True)
        self.world.processes.pop("supervisor").stop()
        process = self._start_crashing(point)
        wait_for("a quiet beginning", self.settled, 60)
        self.armed.touch()
        return process

    def _operate(self, operation: str) -> subprocess.CompletedProcess[str] | None:
        if operation == "takeover":
            for each in self.status()["supervisor"]["instances"]:
                os.kill(each["pid"], signal.SIGKILL)
            return None
        mode = ["--mode", "rekey"] if operation == "rekey" else []
        return self.world.cli("rotate", NAME, "--json", *mode, check=False)

    def run(self, cell: Cell) -> dict[str, Any]:
        process = self._replace(f"{cell.victim}:{cell.side}:{cell.number}")
        before = self.status()
        self.crowd.ask("run")
        time.sleep(0.2)
        operator = threading.Thread(target=self._operate, args=(cell.operation,))
        operator.start()
        wait_for(f"the crash of {cell}", lambda: f"crash {cell.victim.upper()}" in process.output(), 60)
        crashed = time.monotonic()
        for name in ("authority", "platform", "supervisor"):
            if cell.victim == name:
                self.world.processes[name].popen.wait(10)
                self._start(name)
        wait_for(f"recovery from {cell}", self.settled, 90)
        recovered = time.monotonic() - crashed
        operator.join(30)
        time.sleep(0.3)
        self.crowd.ask("pause")
        after = self.status()
        return self._judge(cell, before, after, recovered)

    def _judge(self, cell: Cell, before: Any, after: Any, recovered: float) -> dict[str, Any]:
        took_over = after["kind"] == "takeover" and after["epoch"] > before["epoch"]
        answers = self.crowd.ask("verify", after["epoch"] - 1 if took_over else 0)
        lost = sum(each["lost"] + each["wrong"] for each in answers)
        beyond = sum(each["beyond"] for each in answers)
        good = lost == 0 and beyond <= RPO and self.settled()
        return {
            "cell": str(cell),
            "epochs": [before["epoch"], after["epoch"]],
            "by": after["kind"],
            "lost": lost,
            "beyond_rpo": max(0, beyond - RPO),
            "recovered_ms": round(recovered * 1000),
            "good": good,
        }


def cells(matrix: Matrix, operations: list[str], victims: list[str]) -> list[Cell]:
    found = []
    for operation in operations:
        for number, what in enumerate(matrix.points(operation), start=1):
            for victim in victims:
                if victim == "old" and operation == "takeover":
                    continue
                found += [Cell(operation, victim, side, number, what) for side in ("before", "after")]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--operations", nargs="+", default=list(OPERATIONS), choices=OPERATIONS)
    parser.add_argument("--victims", nargs="+", default=list(VICTIMS), choices=VICTIMS)
    parser.add_argument("--sample", type=int, default=0, help="only so many cells, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=pathlib.Path, help="keep everything there")
    parser.add_argument("--json", action="store_true", help="end with one object")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        home = given.home or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rs")))
        home.mkdir(parents=True, exist_ok=True)
        matrix = stack.enter_context(Matrix(home.resolve()))
        chosen = cells(matrix, given.operations, given.victims)
        if given.sample:
            chosen = sorted(random.Random(given.seed).sample(chosen, min(given.sample, len(chosen))), key=str)
        if not chosen:
            raise WorldError("the supervisor passed no point at all: nothing was tried")
        bad = 0
        rows = []
        for cell in chosen:
            try:
                row = matrix.run(cell)
            except WorldError as fault:
                row = {"cell": str(cell), "good": False, "fault": str(fault)}
            rows.append(row)
            bad += not row["good"]
            mark = "ok  " if row["good"] else "BAD "
            print(
                f"{mark} {row['cell']}: {json.dumps({k: v for k, v in row.items() if k not in ('cell', 'good')})}",
                flush=True,
            )
            if "fault" in row:
                break
        print(f"{len(rows)} of {len(chosen)} cells, {bad} bad, seed {given.seed}, platform EMULATED")
        if given.json:
            print(json.dumps({"cells": len(rows), "bad": bad, "seed": given.seed, "rows": rows}))
        return 1 if bad or len(rows) < len(chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
