"""An instance that is driven by hand through real messages of a real authority."""

from __future__ import annotations

from typing import Any

from whole import whole

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
        self.platform = Platform()
        self.former = self.authority.key
        self.born()

    def born(self) -> None:
        """The next instance; its image is told of the key that the authority has now."""
        trust = Trust((self.authority.key.public,), None, self.authority.lineage)
        self.instance = Instance(self.platform, trust, Keyring(), SPKI, lambda _: None)

    def store(self, kind: str) -> rsc1.Body:
        sealing = self.instance.begin(kind)
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
        instance.activation(authority.activate(ready), lambda *_: None)
        return self

    def lock(self) -> None:
        self.instance.finish(self.authority.prepare(True))
        self.instance.drained()

    def sealed(self) -> World:
        """The instance of epoch 1 has sealed; the authority has another key since."""
        self.to(State.SERVING).lock()
        self.authority.register(self.instance.sign_receipt(self.store("seal")))
        self.authority.key = cose.SigningKey.generate()
        return self

    def attested(self) -> World:
        """A candidate, and what it asks."""
        self.born()
        self.request = self.instance.challenge(self.authority.challenge())
        return self

    def restored(self) -> World:
        """A candidate in STANDBY."""
        body = self.attested().authority.body
        assert body is not None
        self.instance.grant(self.authority.grant(self.request))
        self.request = self.instance.restored(self.instance.open_state(body.core, body.footer))
        return self

    def succeeded(self) -> World:
        """The instance of epoch 2 serves."""
        self.restored().instance.activation(self.authority.activate(self.request), lambda *_: None)
        return self

    def seen(self) -> Any:
        """What a refused message must not change."""
        return whole(self.instance)
