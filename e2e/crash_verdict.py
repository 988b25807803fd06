"""What is said of a cell once its world is whole again, and of all of them together."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from typing import Any

from crash_cells import ONCE, SIDES, VICTIMS, Point, Verdict
from crash_ledger import Restored
from crash_operations import Operation
from crash_probe import Probe, own_time
from journals import INTENT, Entry, Phase

STALL_MS = 250
DRAIN_S = 1.5
"""How long the application of the matrix lets a drain take; in an abort a request is in flight for longer."""

WRITES = 2
"""Of one update of the application: the client's chain and the count over all."""


def measure(
    verdict: Verdict, probe: Probe, crashed: float, entries: list[Entry], operation: Operation, begun: list[Restored]
) -> None:
    """The longest silence, without what the passport's end, the application's own start and drain and the operator take of it."""
    marks = [crashed, *(each for each in probe.answers if each > crashed)]
    if len(marks) == 1:
        verdict.why.append("nobody was answered after the crash")
        return
    begin, end = max(itertools.pairwise(marks), key=lambda gap: gap[1] - gap[0])
    excused = [*spans(entries, Phase.CREATE, begin, end), (begin, operation.excused_until)]
    if operation.drains:
        drains = spans(entries, Phase.QUIESCE, begin, end)
        excused += [(since, min(until, since + DRAIN_S)) for since, until in drains]
    over = {each.epoch - 1 for each in begun if each.takeover}  # whose passports were waited for
    ends = [at + row.wait_ms / 1000 for at, row in probe.waits if row.epoch in over and row.wait_ms and at <= end]
    if ends:
        excused.append((begin, ends[-1]))
    verdict.stalled_ms = round(probe.stalled_s * 1000)
    verdict.silent_ms = round((end - begin) * 1000)
    verdict.own_ms = round(own_time((begin, end), excused) * 1000)


def spans(entries: list[Entry], of: Phase, begin: float, end: float) -> Iterator[tuple[float, float]]:
    """From the newest order of a phase to its end: to create a process until it spoke, to drain until that had ended."""
    since = 0.0
    for each in entries:
        if each.phase == of and each.edge == INTENT:
            since = each.at
        elif since and each.phase == of and begin < each.at:
            yield since, each.at
            since = 0.0


def judge(verdict: Verdict, rpo: int, answers: list[dict[str, Any]], restored: list[Restored]) -> None:
    """What the clients' histories say, beside the states that the authority let be restored."""
    verdict.gone = sum(len(each["gone"]) for each in answers)
    verdict.requests = sum(each["requests"] for each in answers)
    for each in answers:
        verdict.why += each["notes"]
    verdict.why += [*losses(rpo, answers, restored), *survivors(answers, restored), *disordered(answers)]


def losses(rpo: int, answers: list[dict[str, Any]], restored: list[Restored]) -> Iterator[str]:
    """Gone may only be what a takeover's state did not cover, and of that only so much; so for a count that was read."""
    cost: dict[int, int] = {}
    for client, each in enumerate(answers):
        for acknowledged, update, missed in each["gone"]:
            what = f"client {client}: update {update}, acknowledged in epoch {acknowledged} and gone in epoch {missed}"
            without = taker(update, acknowledged, missed, restored)
            if without is None:
                yield f"{what}, is in every state that was restored since"
            elif not (without.takeover and rpo):
                yield f"{what}: nothing that may cost it came between, but {without}"
            else:
                cost[without.epoch] = cost.get(without.epoch, 0) + 1
        for before, then, after, now in each["lowered"]:
            without = taker(before, then, now, restored)
            if without is None or not (without.takeover and rpo) or taker(after + 1, then, now, restored) is None:
                yield f"client {client}: read a count of {before} in epoch {then}, of {after} in epoch {now}"
    for epoch, count in cost.items():
        if WRITES * count > rpo:
            yield f"the takeover of epoch {epoch} cost {count} updates of {WRITES} writes, policy allows {rpo} writes"


def taker(update: int, since: int, until: int, restored: list[Restored]) -> Restored | None:
    """The first state without that update after the epoch that acknowledged it; None if there is none."""
    between = (state for state in restored if since < state.epoch <= until)
    return next((state for state in between if state.covers < update), None)


def survivors(answers: list[dict[str, Any]], restored: list[Restored]) -> Iterator[str]:
    """What a restored state did not hold cannot be there: else somebody serves who is not its successor."""
    for client, each in enumerate(answers):
        for acknowledged, update in each["kept"].items():
            without = taker(update, int(acknowledged), each["epoch"], restored)
            if without is not None:
                yield f"client {client}: update {update} of epoch {acknowledged} is there, but is not in {without}"


def disordered(answers: list[dict[str, Any]]) -> Iterator[str]:
    """Of the updates that one epoch acknowledged, to whomever, none is kept that is newer than one that is gone."""
    first: dict[int, int] = {}
    for each in answers:
        for acknowledged, update, _ in each["gone"]:
            first[acknowledged] = min(first.get(acknowledged, update), update)
    for client, each in enumerate(answers):
        for acknowledged, update in each["kept"].items():
            if update > first.get(int(acknowledged), update):
                yield (
                    f"what is gone is not a suffix: client {client} kept update {update} of epoch {acknowledged}, "
                    f"update {first[int(acknowledged)]} is gone"
                )


def mark(verdict: Verdict) -> str:
    """A cell in which nobody died is none that went well."""
    if not verdict.good:
        return "BAD"
    return "miss" if verdict.missed else "ok"


def show(points: dict[str, list[Point]], verdicts: list[Verdict]) -> Iterator[str]:
    """Rows: what the supervisor does; columns: who is killed, before and after it."""
    found: dict[tuple[str, str, str, int], list[str]] = {}
    for each in verdicts:
        cell = each.cell
        found.setdefault((cell.operation, cell.victim, cell.side, cell.number), []).append(mark(each))
    yield f"{'operation and step':<49}" + "".join(f"{victim:>13}" for victim in VICTIMS)
    for operation, steps in points.items():
        for step in steps:
            victims = [victim if victim in step.victims() else "" for victim in VICTIMS]
            marks = [[found.get((operation, victim, side, step.number)) for side in SIDES] for victim in victims]
            # of several tries the worst: "BAD" < "miss" < "ok"
            row = [" ".join("." if each is None else min(each) for each in pair) for pair in marks]
            yield f"{operation:<12}{step.number:>3} {step.what:<33}" + "".join(f"{each:>13}" for each in row)


def percentile(numbers: list[int], part: float) -> int:
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0


def summary(verdicts: list[Verdict], contradictions: list[str], given: argparse.Namespace) -> Iterator[str]:
    bad = sum(not each.good for each in verdicts)
    missed = sum(each.missed for each in verdicts)
    second = sum(each.second for each in verdicts)
    requests = sum(each.requests for each in verdicts)
    measured = [each for each in verdicts if each.cell.operation not in ONCE and each.good and not each.missed]
    counted = [each for each in measured if each.stalled_ms <= STALL_MS]
    yield (
        f"{len(verdicts)} cells, {bad} bad, {missed} in which nobody died, {second} with a second crash, {requests} requests, "
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
