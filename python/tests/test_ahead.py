"""A container is read while the grant is on its way, and nothing is believed because of it."""

from __future__ import annotations

import gc
import threading

import pytest

import reseal
from reseal import ahead
from reseal.link import Link
from reseal.rsc1 import TAIL
from reseal.testing import Instance, Lineage


def make() -> reseal.App:
    app = reseal.App(drain_timeout=2.0)
    app.state("counts", of=int)
    return app


class Site:
    """A lineage of which two containers are there, the newer one registered, and no instance lives."""

    def __init__(self) -> None:
        self.lineage = Lineage(make)
        self.lineage.app.states["counts"][1] = 1
        self.lineage.checkpoint()
        self.lineage.app.states["counts"][2] = 2
        self.lineage.seal()
        self.lineage.instance.kill()
        *_, self.older, self.registered = self.lineage._containers

    def restored(self, advised: str) -> list[str]:
        """What a candidate fetches that is advised of a container, until it serves the registered state."""
        candidate: Instance = self.lineage.candidate(advised)
        try:
            candidate.supervisor.until("SERVING")
            assert dict(candidate.app.states["counts"]) == {1: 1, 2: 2}
        finally:
            candidate.kill()
        return candidate.supervisor.fetched

    def streamed(self) -> list[str]:
        name = self.registered.hex()
        return [f"{name}:{TAIL}", name]


def test_a_container_that_was_read_ahead_is_not_fetched_again() -> None:
    site = Site()
    assert site.restored(site.registered.hex()) == [site.registered.hex()]


def test_without_advice_nothing_is_read_ahead() -> None:
    site = Site()
    assert site.restored("") == site.streamed()


def test_another_container_than_the_granted_one_is_dropped() -> None:
    site = Site()
    assert site.restored(site.older.hex()) == [site.older.hex(), *site.streamed()]


@pytest.mark.parametrize("advised", ["00" * 32, "../../etc/passwd", "A" * 64, "0" * 63])
def test_advice_that_names_nothing_costs_nothing(advised: str) -> None:
    site = Site()
    fetched = site.restored(advised)
    assert fetched == ([advised] if advised == "00" * 32 else []) + site.streamed()


def test_what_does_not_fit_is_left_to_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()
    monkeypatch.setattr(ahead, "ROOM", 100)
    assert site.restored(site.registered.hex()) == [site.registered.hex(), *site.streamed()]


def test_a_supervisor_that_does_not_answer_is_no_failure() -> None:
    gone = ahead.Ahead(Link("http://127.0.0.1:1/i/x"), "00" * 32)
    gone.begin()
    assert gone.take(bytes(32)) is None


def test_a_container_is_taken_once() -> None:
    site = Site()
    candidate = site.lineage.candidate("")
    supervisor = candidate.supervisor
    once = ahead.Ahead(Link(supervisor.endpoint), site.registered.hex())
    once.begin()
    held = once.take(site.registered)
    assert held is not None
    assert bytes(held.content) == supervisor.containers[site.registered]
    assert once.take(site.registered) is None
    candidate.kill()


def test_what_looks_like_a_million_segments_is_not_hashed() -> None:
    content = memoryview(bytes(16) + b"\x4c\0\0\0\0" * 1_000_000)
    assert len(ahead.Held(content)._digests) <= 17


def test_a_container_that_was_read_in_vain_is_not_kept() -> None:
    site = Site()
    candidate = site.lineage.candidate("")
    vain = ahead.Ahead(Link(candidate.supervisor.endpoint), site.older.hex())
    vain.begin()
    for thread in [each for each in threading.enumerate() if each.name == "reseal-ahead"]:
        thread.join()
    assert vain.take(site.registered) is None
    gc.collect()
    kept = [each for each in gc.get_objects() if isinstance(each, ahead.Held)]
    assert candidate.supervisor.containers[site.older] not in [bytes(each.content) for each in kept]
    candidate.kill()
