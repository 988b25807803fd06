"""What is said of a cell once its world is whole again, and of all of them together."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from typing import Any

from crash_cells import SIDES, VICTIMS, Point, Verdict
from crash_eyes import PHASE_CREATE, PHASE_QUIESCE
from crash_probe import Probe, own_time

STALL_MS = 250
DRAIN_S = 1.5
"""How long the application of the matrix lets a drain take; in an abort a request is in flight for longer."""

Entries = list[tuple[float, bytes, int, int]]
"""Of a journal: seconds, op_id, phase, edge."""


def measure(verdict: Verdict, probe: Probe, crashed: float, entries: Entries) -> None:
    """The longest silence, without what the passport's end and the application's own start and drain take of it."""
    marks = [crashed, *(each for each in probe.answers if each > crashed)]
    if len(marks) == 1:
        verdict.why.append("nobody was answered after the crash")
        return
    begin, end = max(itertools.pairwise(marks), key=lambda gap: gap[1] - gap[0])
    excused = list(spans(entries, PHASE_CREATE, begin, end))
    if verdict.cell.operation == "abort":
        drains = spans(entries, PHASE_QUIESCE, begin, end)
        excused += [(since, min(until, since + DRAIN_S)) for since, until in drains]
    if verdict.taken_over:
        epoch = verdict.epochs[1] - 1  # whose passport the takeover waited for
        ends = [at + row.wait_ms / 1000 for at, row in probe.waits if row.epoch == epoch and row.wait_ms and at <= end]
        if ends:
            excused.append((begin, ends[-1]))
    verdict.stalled_ms = round(probe.stalled_s * 1000)
    verdict.silent_ms = round((end - begin) * 1000)
    verdict.own_ms = round(own_time((begin, end), excused) * 1000)


def spans(entries: Entries, of: int, begin: float, end: float) -> Iterator[tuple[float, float]]:
    """From the newest order of a phase to its end: to create a process until it spoke, to drain until that had ended."""
    since = 0.0
    for at, _, phase, edge in entries:
        if phase == of and edge == 0:
            since = at
        elif since and phase == of and begin < at:
            yield since, at
            since = 0.0


def judge(verdict: Verdict, rpo: int, answers: list[dict[str, Any]]) -> None:
    """What the clients' histories say."""
    verdict.gone = sum(each["gone"] for each in answers)
    verdict.requests = sum(each["requests"] for each in answers)
    for each in answers:
        verdict.why += each["notes"]
    if verdict.gone and not (verdict.taken_over and rpo):
        verdict.why.append(f"{verdict.gone} acknowledged updates are gone without a takeover that may cost them")
    if 2 * verdict.gone > rpo:
        verdict.why.append(f"{verdict.gone} updates are gone, policy allows {rpo} writes, 2 for each")
    losers = [each for each in answers if each["gone"]]
    if len(losers) > 1 and max(each["kept_to"] for each in losers) >= min(each["gone_from"] for each in losers):
        verdict.why.append(f"what is gone is not a suffix of all updates: {losers}")


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


def summary(verdicts: list[Verdict], contradictions: list[str], given: argparse.Namespace) -> Iterator[str]:
    bad = sum(not each.good for each in verdicts)
    second = sum(each.second for each in verdicts)
    requests = sum(each.requests for each in verdicts)
    measured = [each for each in verdicts if each.cell.operation != "birth" and each.good]
    counted = [each for each in measured if each.stalled_ms <= STALL_MS]
    yield (
        f"{len(verdicts)} cells, {bad} bad, {second} with a second crash, {requests} requests, "
        f"traces of {len(contradictions)} worlds contradict spec/ or are missing, "
        f"seed {given.seed}, rpo {given.rpo}, platform EMULATED"
    )
    yield (
        f"silence beyond passport and application; {len(measured) - len(counted)} cells in which the driver itself "
        f"stood still for over {STALL_MS} ms are not counted"
    )
    for victim in (*VICTIMS, ""):
        own = [each.own_ms for each in counted if each.cell.victim == victim or not victim]
        yield (
            f"{victim or 'all':<11}{len(own):>5} cells  median {percentile(own, 0.5):>5} ms  "
            f"p99 {percentile(own, 0.99):>5} ms  most {max(own, default=0):>5} ms"
        )
