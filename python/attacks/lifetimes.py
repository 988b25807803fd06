"""Attacks on how long something is believed: an old instance that lives on, clocks that the host sets."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from ending import Ending, harmless, together, won
from lineage import asked, born, client

from reseal import app as app_module
from reseal import engine, gate, link, runtime
from reseal.client import Memory


def old_instance_kept() -> Ending:
    """A3: destroy was faked, the old instance goes on answering beside its successor."""
    with born(life_ms=1_500) as lineage:
        old = lineage.instance
        seen = Memory()
        with client(lineage, old.port, seen) as customer:
            customer.get("/")
        lineage.authority.begin()
        lineage.instance = lineage._born()
        try:
            with client(lineage, lineage.instance.port, seen) as customer:
                customer.get("/")
            remembers = asked(client(lineage, old.port, seen), "the old instance is believed")
            time.sleep(1.5)  # who saw nothing newer is safe once the last passport of the old one has ended
            forgets = asked(client(lineage, old.port), "the old instance is believed after its last passport")
            return together([remembers, forgets])
        finally:
            old.kill()


class _SetBack:
    """The module ``time`` as the code of an instance sees it on a host that set every clock back."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def time(self) -> float:
        return time.time() - self._seconds

    def time_ns(self) -> int:
        return time.time_ns() - int(self._seconds * 1e9)

    def monotonic(self) -> float:
        return time.monotonic() - self._seconds

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@contextlib.contextmanager
def _clocks_back(days: int) -> Iterator[None]:
    """Every module that an instance consists of and that looks at a clock; not the relying party's."""
    seen = [module for module in (app_module, engine, gate, link, runtime) if hasattr(module, "time")]
    for module in seen:
        vars(module)["time"] = _SetBack(days * 86400.0)
    try:
        yield
    finally:
        for module in seen:
            vars(module)["time"] = time


def clock_back_naive() -> Ending:
    """A21: the enclave looks at its host's clock to see whether its lease has run out."""
    set_back = _SetBack(400 * 86_400.0)
    lease_until = time.time()  # it ends now: the next enclave was started because of that
    return (
        won("the enclave whose lease is over goes on serving for 400 days, beside the next one")
        if set_back.time() < lease_until
        else harmless("the lease is over")
    )


def clock_back() -> Ending:
    """A21: all clocks of the host go back by 400 days; a re-seal; a takeover, which the old instance survives."""
    with born(life_ms=1_500) as lineage, _clocks_back(400):
        lineage.reseal()
        old = lineage.instance
        lineage.authority.begin()
        lineage.instance = lineage._born()
        try:
            with client(lineage, lineage.instance.port) as customer:
                customer.get("/")  # evidence, grant, activation, passport and exchange as ever
            time.sleep(1.5)
            return asked(client(lineage, old.port), "the old instance is believed after its last passport")
        finally:
            old.kill()


ATTACKS: dict[str, dict[str, Callable[[], Ending]]] = {
    "A3": {"reseal": old_instance_kept},
    "A21": {"naive": clock_back_naive, "reseal": clock_back},
}
