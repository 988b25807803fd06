"""``spec/mutations.vec``: what a relying party reads, wrong in every way, over real connections."""

from __future__ import annotations

import pytest
from mutations import Good, Scene, cells, over, row_of, trial
from stand_ins import LINEAGE, Authority, Instance, Start, policy_of
from whole import whole

from reseal.client import AttestedClient, Memory
from reseal.cose import SigningKey
from reseal.messages import LogHead, Passport


class World:
    """A relying party that met the instance of epoch 1; the authority has another key since."""

    def __init__(self, authority: Authority, start: Start) -> None:
        self.authority, self.start = authority, start
        self.memory = Memory()
        self.former = authority.key
        self.meet(authority.passport(self.serving(), epoch=1, fence=1))
        authority.key = SigningKey.generate()
        self.instance = self.serving()
        self.meet(authority.passport(self.instance))

    def serving(self) -> Instance:
        self.instance = self.start()
        return self.instance

    def meet(self, passport: bytes) -> None:
        """A new connection; the application sees a request if the passport was believed, and else none."""
        self.instance.give = lambda: passport
        before = len(self.instance.calls)
        url = f"https://127.0.0.1:{self.instance.port}"
        try:
            with AttestedClient(url, policy_of(self.authority), self.memory, connect_within_s=20.0) as peer:
                peer.get("/")
        except Exception:
            assert len(self.instance.calls) == before
            raise
        assert len(self.instance.calls) == before + 1

    def learn(self, log_head: bytes) -> None:
        self.meet(self.authority.passport(self.instance, log_head=log_head))


def passport(world: World) -> Scene:
    def epoch(number: int) -> Good:
        message = world.authority.passport(world.instance, epoch=number, fence=number + 1)
        return Good(message, Passport, world.authority.key, world.former, 1)

    def later() -> Scene:
        world.meet(epoch(3).message)
        return Scene(world.meet, remembered, epoch(3), over)

    def remembered() -> object:
        return whole(world.memory)

    assert world.memory.floor(LINEAGE).epoch == 2
    return Scene(world.meet, remembered, epoch(2), later)


def log_head(world: World) -> Scene:
    def entry(seq: int) -> Good:
        return Good(world.authority.log_head(seq), LogHead, world.authority.key, world.former, 1)

    def later() -> Scene:
        world.learn(entry(7).message)
        return Scene(world.learn, lambda: whole(world.memory), entry(8), over)

    return Scene(world.learn, lambda: whole(world.memory), entry(6), later)


SCENES = {"passport": passport, "log-head": log_head}


@pytest.mark.parametrize(("message", "mutation"), cells("client", SCENES))
def test_every_cell_holds(message: str, mutation: str, start: Start, authority: Authority) -> None:
    trial(row_of("client", message), mutation, SCENES[message](World(authority, start)))
