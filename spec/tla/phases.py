"""The supervisor's phases beside the model: ``../supervisor.vec`` against ``../register.vec`` and the actions of ``Reseal.tla``.

In the model the supervisor is the adversary: it may do everything in any order, so no row of its table narrows a run. What can be
checked is that the table orders nothing that the model does not have, and nothing before the register's event that must come first.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent

# What a supervisor orders in a phase, as actions of Reseal.tla; nothing where the model only stutters.
ORDERS = {
    "PREFLIGHT": (),
    "PERMIT": ("Prepare", "Takeover", "Rekey"),
    "QUIESCE": ("Open", "Lock"),
    "SNAPSHOT": ("Seal",),
    "PERSIST": ("RegisterSeal",),
    "DESTROY": ("Crash",),
    "RECLAIM": (),
    "CREATE": ("Boot",),
    "ATTEST": (),
    "PROVISION": ("Grant", "GrantEarly", "Install"),
    "RESTORE": ("Restore", "Ready"),
    "COMMIT": ("Activate",),
    "RESUME": ("Start",),
    "RETIRE": ("Checkpoint", "RegisterCheckpoint", "RetireWrap", "RetireGen"),
}
# Not a phase's: backing out, clients, time, the application, and what only a seeded error does.
OTHERS = {"Abort", "Resume", "Serve", "Renew", "Expire", "Reencrypt", "Backup", "RestoreBackup", "ForgedReady"}
# The events that begin an operation; every other one continues it.
BEGINNINGS = {"begin", "prepare", "takeover", "rekey"}


class Row(NamedTuple):
    """A phase: the events of which one must have come, and the phases that may come next."""

    after: frozenset[str]
    following: tuple[str, ...]


def table(name: str) -> list[list[str]]:
    lines = (HERE.parent / name).read_text().splitlines()
    return [line.split() for line in lines if line and line[0] != "#"][1:]


def phases() -> dict[str, Row]:
    return {
        name: Row(frozenset() if after == "-" else frozenset(after.split("|")), tuple(following))
        for name, after, *following in table("supervisor.vec")
    }


def actions() -> set[str]:
    """The actions of ``Next``."""
    text = (HERE / "Reseal.tla").read_text()
    body = text[text.index("\nNext ==") : text.index("\nSpec ==")]
    return set(re.findall(r"\b([A-Z][a-zA-Z]+)(?=\(| *\\/|\s*\n)", body)) - {"Meas", "Inst", "BOOLEAN", "Next"}


def follows(earlier: str, later: str, register: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether an operation may go on with the later event where the earlier one left the register."""
    left = {cell for cell in register[earlier].values() if not cell.startswith("-")}
    return later not in BEGINNINGS and any(not register[later][state].startswith("-") for state in left)


def register_table() -> dict[str, dict[str, str]]:
    states = next(
        line.split()[1:] for line in (HERE.parent / "register.vec").read_text().splitlines() if line[:5] == "event"
    )
    return {
        event: {state: state if cell == "." else cell for state, cell in zip(states, cells, strict=True)}
        for event, *cells in table("register.vec")
    }


def wrong(rows: Mapping[str, Row]) -> list[str]:
    """What in the table of phases contradicts the register's table or the model."""
    found = []
    register = register_table()
    known = {action for orders in ORDERS.values() for action in orders} | OTHERS
    found += [f"the model's action {action} is no phase's and no other's" for action in sorted(actions() - known)]
    found += [f"the model has no action {action}" for action in sorted(known - actions())]
    names = set(rows) - {"first", "again", "last", "recovery"}
    found += [f"{name} is a row of one and not of the other" for name in sorted(names ^ set(ORDERS))]
    for name, row in rows.items():
        found += [f"{name} comes after {event}, no event of the register" for event in sorted(row.after - set(register))]
        found += [f"{name} is followed by {other}, no phase" for other in row.following if other not in names]
    if found:
        return found
    for name in sorted(names):
        for other in rows[name].following:
            needed, had = rows[other].after, rows[name].after
            begun = not had and needed & BEGINNINGS
            gone_on = any(event in had or any(follows(e, event, register) for e in had) for event in needed)
            if needed and not begun and not gone_on:
                found.append(f"{name} is followed by {other}, which needs {' or '.join(sorted(needed))}")
    return found + [f"nothing leads to {name} but a recovery" for name in sorted(names - reached(rows))]


def reached(rows: Mapping[str, Row]) -> set[str]:
    """The phases that an operation comes to by the moves of the table."""
    seen: set[str] = set()
    todo = list(rows["first"].following)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += rows[name].following
    return seen


def doctored(rows: Mapping[str, Row]) -> dict[str, Mapping[str, Row]]:
    """Tables with one thing wrong, by what it is."""

    def more(name: str, following: str) -> dict[str, Row]:
        return {**rows, name: rows[name]._replace(following=(*rows[name].following, following))}

    def after(name: str, *events: str) -> dict[str, Row]:
        return {**rows, name: rows[name]._replace(after=frozenset(events))}

    return {
        "RESUME->CREATE": more("RESUME", "CREATE"),
        "COMMIT->QUIESCE": more("COMMIT", "QUIESCE"),
        "PERMIT->RESUME": more("PERMIT", "RESUME"),
        "COMMIT after activate": after("COMMIT", "activate"),
        "RESTORE without COMMIT": {**rows, "RESTORE": rows["RESTORE"]._replace(following=("RESTORE", "CREATE"))},
        "SNAPSHOT after takeover": after("SNAPSHOT", "takeover"),
        "PERSIST after activate": after("PERSIST", "activate"),
        "QUIESCE after nothing known": after("QUIESCE", "nothing"),
        "no RESTORE": {name: row for name, row in rows.items() if name != "RESTORE"},
        "a phase more": {**rows, "WAIT": Row(frozenset(), ("CREATE",))},
    }


def check() -> bool:
    """Prints a line for the table and for each doctored one; whether all are as expected."""
    found = wrong(phases())
    good = [not found]
    print(f"{'FAIL' if found else 'ok'} phases: expected none, found {'; '.join(found) or 'none'}", flush=True)
    for what, rows in doctored(phases()).items():
        missed = wrong(rows)
        good.append(bool(missed))
        print(f"{'ok' if missed else 'FAIL'} phases:{what}: found {missed[0] if missed else 'none'}", flush=True)
    return all(good)
