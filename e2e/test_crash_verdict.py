"""The judge of the crash matrix: every rule, on histories of a service that broke its promise."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from crash_cells import Cell, Verdict
from crash_history import History, Link
from crash_ledger import Restored
from crash_operations import Abort, Operation, Reseal
from crash_verdict import judge

RPO = 64
BORN = Restored(1, False, "00", 0)
PLANNED = Restored(2, False, "aa", 6)
TAKEN = Restored(2, True, "bb", 4)
"""A takeover whose state holds the first four updates."""


class Service:
    """Two clients and what they are told: ``kept`` of their updates survive an epoch's end, in the order of all."""

    def __init__(self) -> None:
        self.clients = [History(), History()]
        self.chains = [[Link(0, "", 0)], [Link(0, "", 0)]]
        self.total = 0
        self.epoch = 1

    def append(self, client: int, body: bytes = b"update") -> None:
        before = self.chains[client][-1]
        self.total += 1
        said = Link(before.n + 1, History.joined(before, body), self.total)
        self.chains[client].append(said)
        self.clients[client].appended(body, said, self.epoch)

    def alternately(self, count: int) -> None:
        for n in range(count):
            self.append(n % 2)

    def next_epoch(self, kept: int) -> None:
        self.epoch += 1
        self.total = kept
        self.chains = [[link for link in chain if link.all <= kept] for chain in self.chains]

    def read(self, client: int) -> None:
        self.clients[client].seen(self.chains[client][-1], self.total, self.epoch)

    def verdict(self, *restored: Restored, rpo: int = RPO) -> list[str]:
        for client in range(2):
            self.read(client)
        verdict = Verdict(Cell("reseal", "supervisor", "before", 1, "PERMIT Submit"))
        answers: list[dict[str, Any]] = [asdict(each.told()) for each in self.clients]
        judge(verdict, rpo, answers, [BORN, *restored])
        return verdict.why


def test_a_planned_operation_and_a_takeover_within_its_bound_are_good() -> None:
    planned = Service()
    planned.alternately(6)
    planned.next_epoch(6)
    planned.alternately(3)
    assert planned.verdict(PLANNED) == []
    taken = Service()
    taken.alternately(6)
    taken.next_epoch(4)
    taken.alternately(6)
    assert taken.verdict(TAKEN) == []


def test_an_update_that_an_acknowledged_state_covered_is_not_missing_even_after_a_takeover() -> None:
    service = Service()
    service.alternately(6)
    service.next_epoch(3)
    why = service.verdict(TAKEN)
    assert len(why) == 3 and "update 4, acknowledged in epoch 1 and gone in epoch 2, is in every state" in why[1], why
    assert "read a count of 5 in epoch 1, of 3 in epoch 2" in why[0], why


@pytest.mark.parametrize(("state", "rpo"), [(Restored(2, False, "aa", 4), RPO), (TAKEN, 0)])
def test_nothing_is_missing_after_a_planned_operation_nor_where_policy_allows_no_loss(
    state: Restored, rpo: int
) -> None:
    service = Service()
    service.alternately(6)
    service.next_epoch(4)
    why = service.verdict(state, rpo=rpo)
    assert sum("nothing that may cost it" in each for each in why) == 2, why
    assert sum("read a count of" in each for each in why) == 2, why


def test_a_loss_before_a_planned_operation_is_not_excused_by_a_takeover_after_it() -> None:
    service = Service()
    service.alternately(6)
    service.next_epoch(5)
    service.next_epoch(5)
    why = service.verdict(Restored(2, False, "aa", 5), Restored(3, True, "bb", 5))
    assert len(why) == 2 and "nothing that may cost it" in why[0] and "read a count of 6 in epoch 1" in why[1], why


def test_a_takeover_costs_no_more_than_policy_allows() -> None:
    service = Service()
    service.alternately(6)
    service.next_epoch(4)
    assert service.verdict(TAKEN, rpo=3) == [
        "the takeover of epoch 2 cost 2 updates of 2 writes, policy allows 3 writes"
    ]


def test_each_of_two_takeovers_has_its_own_bound() -> None:
    service = Service()
    service.alternately(6)
    service.next_epoch(4)
    service.read(0)
    service.read(1)
    service.alternately(2)
    service.next_epoch(4)
    assert service.verdict(TAKEN, Restored(3, True, "cc", 4), rpo=4) == []


def test_what_the_restored_state_did_not_hold_is_not_served() -> None:
    service = Service()
    service.alternately(6)
    service.next_epoch(6)
    why = service.verdict(TAKEN)
    assert len(why) == 2 and "client 0: update 5 of epoch 1 is there, but is not in" in why[0], why


def test_one_client_keeps_nothing_that_is_newer_than_what_another_lost_whatever_the_log_says() -> None:
    """Client 1, which lost nothing, is compared as well."""
    service = Service()
    service.alternately(6)
    service.next_epoch(6)
    service.chains[0] = service.chains[0][:-1]
    service.total = 6
    why = service.verdict(TAKEN)
    assert any("not a suffix: client 1 kept update 6 of epoch 1, update 5 is gone" in each for each in why), why


def test_a_client_that_lost_nothing_in_an_earlier_epoch_is_no_witness_against_a_later_one() -> None:
    service = Service()
    service.alternately(6)
    service.next_epoch(4)
    service.alternately(6)
    service.read(0)
    service.read(1)
    assert service.verdict(TAKEN) == []


def test_a_read_of_all_that_goes_back_under_a_planned_operation_is_seen_by_a_client_that_lost_nothing() -> None:
    service = Service()
    service.append(0)
    service.append(1)
    service.append(1)
    service.read(0)
    service.next_epoch(2)
    service.clients.pop()
    service.chains.pop()
    service.clients.append(History())
    service.chains.append([Link(0, "", 0)])
    assert service.verdict(Restored(2, False, "aa", 2)) == ["client 0: read a count of 3 in epoch 1, of 2 in epoch 2"]


def test_a_read_that_goes_back_and_forth_is_wrong() -> None:
    service = Service()
    service.alternately(6)
    older, newest = service.chains[0][-2:]
    service.clients[0].seen(older, 6, 1)
    service.clients[0].seen(newest, 6, 1)
    assert any("never acknowledged" in each for each in service.verdict())


@pytest.mark.parametrize("error", ["repeated", "missing", "reordered"])
def test_an_update_that_is_repeated_missing_or_out_of_order_breaks_the_chain(error: str) -> None:
    service = Service()
    service.append(0, b"one")
    chain = service.chains[0]
    told = [b"one", b"two"] if error == "repeated" else [b"three"]
    before = Link(2, "f" * 64, 2) if error == "reordered" else chain[-1]
    for body in told:
        before = Link(before.n + 1, History.joined(before, body), before.all + 1)
    service.clients[0].appended(b"two", before, 1)
    assert any("joins nothing that was acknowledged" in each for each in service.verdict())


def test_an_update_that_comes_before_an_older_one_of_the_same_client_is_wrong() -> None:
    service = Service()
    service.alternately(2)
    before = service.chains[0][-1]
    service.clients[0].appended(b"x", Link(2, History.joined(before, b"x"), before.all), 1)
    service.chains[0].append(Link(2, History.joined(before, b"x"), before.all))
    assert any("does not come after" in each for each in service.verdict())


class Told:
    """Whoever asked was told that it is done."""

    done = True
    end = "0 done"

    def answered(self) -> bool:
        return True


@pytest.mark.parametrize("kind", [Reseal, Abort])
def test_whoever_was_told_that_a_reseal_is_done_which_was_not_committed_was_told_wrong(kind: type[Operation]) -> None:
    world: Any = None
    operation = kind(world)
    operation.asked.append(Told())
    assert operation.end(committed=True) == []
    assert "it did not come to pass" in operation.end(committed=False)[0]
