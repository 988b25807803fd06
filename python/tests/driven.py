"""An instance that is driven by hand through real messages of a real authority."""

from __future__ import annotations

from typing import Any

from reseal import cose, rsc1
from reseal.instance import Instance, Trust
from reseal.keyring import Keyring
from reseal.machine import State
from reseal.testing import Authority, Platform

SPKI = cose.SigningKey.generate().public.spki


class World:
    """An instance that is driven by hand through real messages of a real authority."""

    def __init__(self) -> None:
        self.authority = Authority()
        trust = Trust((self.authority.key.public,), None, self.authority.lineage)
        self.instance = Instance(Platform(), trust, Keyring(), SPKI, lambda _: None)
        self.sealed: tuple[rsc1.Body, bytes] | None = None

    def store(self, kind: str) -> rsc1.Body:
        sealing = self.instance.begin(kind, 0).sealing
        for _ in sealing.stream([[]], self.instance.finish_values):
            pass
        assert sealing.body is not None
        return sealing.body

    def to(self, state: State) -> World:
        """Born, challenged; then as far as asked."""
        instance, authority = self.instance, self.authority
        authority.begin()
        request = instance.challenge(authority.challenge())
        if state is State.BORN:
            self.request = request
            return self
        instance.grant(authority.grant(request))
        ready = instance.begun(self.store("genesis"))
        if state is State.STANDBY:
            self.request = ready
            return self
        instance.activation(authority.activate(ready), lambda _: None)
        if state is State.LOCKED:
            instance.finish(authority.prepare(True))
            instance.drained()
            instance.sign_receipt(self.store("seal"))
        return self

    def seen(self) -> tuple[Any, ...]:
        """What a refused message must not change."""
        i = self.instance
        return (i.state, i.epoch, i.ring.active, i.passport, i.log_head, i.ready, i.receipt, i.gen_floor, i.policy)
