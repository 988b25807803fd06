"""The verdict of a client: what it accepts after a planned operation and after a kill."""

from __future__ import annotations

import pathlib
import sys
from typing import Any

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from ledger import Ledger, record


def ledger_of(*writes: tuple[str, int]) -> Ledger:
    """Acknowledged writes by customer and epoch, in order; revisions count from 1."""
    ledger = Ledger()
    for customer_id, epoch in writes:
        ledger.acknowledge(customer_id, ledger.next(), epoch)
    return ledger


def state(**revisions: int) -> dict[str, Any]:
    return {customer_id: record(customer_id, revision) for customer_id, revision in revisions.items()}


def test_after_a_planned_operation_all_is_as_acknowledged() -> None:
    finding = ledger_of(("a", 1), ("b", 1), ("a", 2)).judge_planned(state(a=3, b=2))
    assert (finding.lost, finding.beyond, finding.wrong) == (0, 0, 0)


@pytest.mark.parametrize("found", [state(a=3), state(a=1, b=2), {**state(a=3), "b": None}])
def test_a_missing_or_older_record_is_lost(found: dict[str, Any]) -> None:
    assert ledger_of(("a", 1), ("b", 1), ("a", 2)).judge_planned(found).lost == 1


@pytest.mark.parametrize(
    "found",
    [state(a=1, x=9), {"a": {**record("a", 1), "email": "other"}}, state(a=7)],
)
def test_content_that_nobody_wrote_is_wrong(found: dict[str, Any]) -> None:
    assert ledger_of(("a", 1)).judge_planned(found).wrong == 1
    assert ledger_of(("a", 1)).judge_killed(found, 1).wrong == 1


def test_a_write_without_an_answer_may_be_there_or_not() -> None:
    for revision in (1, 2):
        ledger = ledger_of(("a", 1))
        ledger.doubt("a", ledger.next())
        finding = ledger.judge_planned(state(a=revision))
        assert (finding.lost, finding.wrong) == (0, 0)


def test_a_kill_may_cost_a_suffix_and_it_is_counted() -> None:
    ledger = ledger_of(("a", 1), ("b", 1), ("c", 1), ("a", 1), ("b", 1))
    finding = ledger.judge_killed(state(a=1, b=2, c=3), 1)
    assert (finding.lost, finding.beyond) == (0, 2)
    assert ledger.judge_planned(state(a=1, b=2, c=3)).lost == 0


def test_a_hole_in_the_order_is_lost_and_no_excuse_counts() -> None:
    finding = ledger_of(("a", 1), ("b", 1), ("a", 1), ("b", 1)).judge_killed(state(a=1, b=4), 1)
    assert (finding.lost, finding.beyond) == (1, 0)


def test_what_a_checkpoint_covers_is_lost_also_at_the_end() -> None:
    ledger = ledger_of(("a", 1), ("b", 1))
    ledger.cover()
    ledger.acknowledge("c", ledger.next(), 1)
    finding = ledger.judge_killed(state(a=1), 1)
    assert (finding.lost, finding.beyond) == (1, 1)
    assert finding.notes == ["revision 2 is gone and a checkpoint covers it"]


def test_what_the_successor_acknowledged_must_be_there() -> None:
    finding = ledger_of(("a", 1), ("b", 2)).judge_killed(state(a=1), 1)
    assert (finding.lost, finding.beyond) == (1, 0)


def test_a_write_of_the_successor_hides_no_hole() -> None:
    finding = ledger_of(("a", 1), ("b", 1), ("c", 1), ("c", 2)).judge_killed(state(a=1, c=4), 1)
    assert (finding.lost, finding.beyond) == (0, 1)
