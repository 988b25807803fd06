"""Attacks on how long something is believed: an old instance that lives on, clocks that the host sets."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import naive
from ending import Ending, harmless, together, won
from lineage import asked, second

from reseal import client as client_module
from reseal.client import Memory


class _Stopped:
    """The module ``time`` as it is seen where somebody has stopped the wall clock."""

    def __init__(self, at: float) -> None:
        self._ns = int(at * 1e9)

    def time_ns(self) -> int:
        return self._ns

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)


@contextlib.contextmanager
def _customers_clock(at: float) -> Iterator[None]:
    vars(client_module)["time"] = _Stopped(at)
    try:
        yield
    finally:
        vars(client_module)["time"] = time


def old_instance_kept() -> Ending:
    """A3: destroy was faked, the old instance goes on answering beside its successor."""
    lineage, seen = second(), Memory()
    lineage.get("/a", seen)
    with lineage.kept() as (port, since):
        lineage.get("/a", seen)
        with _customers_clock(since):  # by his clock the old passport lives, and so he has only what he remembers
            remembers = asked(lineage.client(port, seen), "the old instance is believed")
        forgets = asked(lineage.client(port), "the old instance is believed after its last passport")
    return together([remembers, forgets])


def clock_back_naive() -> Ending:
    """A21: the enclave looks at its host's clock to see whether its lease has run out, and another one was started."""
    host_clock = [time.time()]
    old = naive.Leased(naive.Enclave(b"k" * 32), until=host_clock[0] + 10, clock=lambda: host_clock[0])
    host_clock[0] += 11
    if old.answer() is not None:
        return harmless("the lease means nothing: nothing was tried")
    host_clock[0] -= 400 * 86_400
    return (
        won("the enclave whose lease is over serves again, beside the next one")
        if old.answer() is not None
        else harmless("the lease is over")
    )


def clock_back() -> Ending:
    """A21: all clocks of the instance go back by 400 days; a re-seal; a takeover, which the old instance survives."""
    lineage = second()
    lineage.set_back(400)
    try:
        lineage.get("/a")
        lineage.reseal()  # evidence, grant, activation, passport and exchange as ever
        lineage.get("/a")
        with lineage.kept() as (port, since):
            lineage.get("/a")
            with _customers_clock(since):  # the same way, while by his clock the passport lives: only time is refused
                believed = asked(lineage.client(port), "the old instance answers")
            if believed.kind != "won":
                return harmless(f"the old instance does not answer, passport or not: nothing was tried: {believed}")
            return asked(lineage.client(port), "the old instance is believed after its last passport")
    finally:
        lineage.set_back(0)


ATTACKS: dict[str, dict[str, Callable[[], Ending]]] = {
    "A3": {"reseal": old_instance_kept},
    "A21": {"naive": clock_back_naive, "reseal": clock_back},
}
