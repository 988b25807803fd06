"""Nothing brings an instance back: no replay, no old key, no hook that fails, no policy but the measured one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest
from driven import World

from reseal.errors import Refused
from reseal.machine import State


def test_a_replayed_grant_activation_ticket_or_abort_changes_nothing() -> None:
    world = World().to(State.BORN)
    grant = world.authority.grant(world.request)
    world.instance.grant(grant)
    ready = world.instance.begun(world.store("genesis"))
    activation = world.authority.activate(ready)
    world.instance.activation(activation, lambda *_: None)

    def again(message: bytes, read: Callable[[bytes], object]) -> str:
        before = world.seen()
        with pytest.raises(Refused) as refusal:
            read(message)
        assert world.seen() == before
        return refusal.value.rule

    instance = world.instance
    assert again(grant, instance.grant) == "WRONG_STATE"
    assert again(activation, lambda m: instance.activation(m, lambda *_: None)) == "WRONG_STATE"
    ticket = world.authority.prepare(True)
    instance.finish(ticket)
    assert again(ticket, instance.finish) == "WRONG_STATE"
    instance.drained()
    abort = world.authority.abort()
    instance.abort(abort)
    assert again(abort, instance.abort) == "WRONG_STATE"
    assert again(ticket, instance.finish) == "FENCED"
    instance.finish(world.authority.prepare(True))
    instance.drained()
    assert again(abort, instance.abort) == "FENCED"


def test_an_old_rekey_grant_does_not_bring_back_a_retired_generation() -> None:
    world = World().to(State.SERVING)
    first = world.authority.rekey()
    second = world.authority.rekey()
    for grant in (first, second):
        world.instance.rekey(grant)
        world.instance.rekeyed(done=True)
    world.instance.ring.retire((1, 2))
    for old in (first, second):
        with pytest.raises(Refused) as refusal:
            world.instance.rekey(old)
        assert refusal.value.rule == "FENCED"
    assert world.instance.ring.find("records", 2) is None


def test_a_rekey_stays_on_the_old_generation_until_the_application_took_the_new_one() -> None:
    world = World().to(State.SERVING)
    grant = world.authority.rekey()
    ring = world.instance.ring
    for done, generation in ((False, 1), (True, 2)):
        assert world.instance.rekey(grant) == 2
        during = ring.current("records").encrypt(b"a customer")
        assert int.from_bytes(during[:8], "big") == 1
        new, old = next(ring.newest_first("records")), ring.current("records")
        assert new.decrypt(new.encrypt(b"for the hook")) == b"for the hook"
        world.instance.rekeyed(done)
        assert world.instance.state is State.SERVING
        assert ring.current("records").generation == generation
        assert old.decrypt(during) == b"a customer"
    assert new.generation == 2
    assert new.decrypt(new.encrypt(b"from now on")) == b"from now on"
    with pytest.raises(Refused):
        old.encrypt(b"no more")


def test_an_activation_whose_hook_fails_is_the_end() -> None:
    world = World().to(State.STANDBY)
    activation = world.authority.activate(world.request)

    def broken(reason: str, generation: int) -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        world.instance.activation(activation, broken)
    assert world.instance.state is State.DEAD
    with pytest.raises(Refused):
        world.instance.ring.current("records")


def test_the_newest_log_head_is_kept_though_an_older_one_is_compared_meanwhile() -> None:
    world = World().to(State.SERVING)
    instance, older, newest = world.instance, world.authority.log_head(), world.authority.log_head()
    meanwhile = threading.Thread(target=lambda: instance.witness(newest))

    class Slow(int):
        """A number that takes its time when it is compared: on its first time, for another thread's whole step."""

        def __lt__(self, other: int) -> bool:
            if meanwhile.ident is None:
                meanwhile.start()
                meanwhile.join(0.2)
            return int(self) < other

    instance._log_seq = Slow(instance._log_seq)
    instance.witness(older)
    meanwhile.join()
    assert instance.log_head == newest


def test_a_measured_policy_digest_refuses_every_other_policy() -> None:
    world = World()
    world.instance.trust = world.instance.trust._replace(policy_digest=os.urandom(32))
    world.authority.begin()
    request = world.instance.challenge(world.authority.challenge())
    with pytest.raises(Refused) as refusal:
        world.instance.grant(world.authority.grant(request))
    assert refusal.value.rule == "POLICY_REFUSED"
    assert world.instance.state is State.BORN
