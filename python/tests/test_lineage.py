"""An application lives through every operation with its state, keys and hooks."""

from __future__ import annotations

import os
import threading
import time

import pytest

import reseal
from reseal import cose, messages, rsc1
from reseal.errors import Refused
from reseal.testing import Authority, Instance, Lineage, Platform

log: list[str] = []


def make() -> reseal.App:
    app = reseal.App(drain_timeout=2.0)
    app.state("customers", of=dict)
    app.state("counts", of=int)
    app.key("kek")

    @app.on_key("kek")
    def install(old: object, new: object, reason: str) -> None:
        log.append(f"{reason} {old} {new}")

    return app


def test_state_and_keys_live_through_a_reseal_a_takeover_and_a_rekey() -> None:
    log.clear()
    with Lineage(make) as lineage:
        customers = lineage.app.states["customers"]
        for number in range(3000):
            customers[f"c{number}"] = {"name": f"n{number}", "tags": ["a", "b"], "x": 1.5}
        lineage.app.states["counts"][7] = 42
        del customers["c5"]
        sealed = lineage.app.keys["kek"].current().encrypt(b"secret")
        app = lineage.reseal()
        assert len(app.states["customers"]) == 2999
        assert app.states["customers"]["c9"] == {"name": "n9", "tags": ["a", "b"], "x": 1.5}
        assert app.states["counts"][7] == 42
        assert app.keys["kek"].current().generation == 2
        assert app.keys["kek"].decrypt_any(sealed) == b"secret"
        app.states["counts"][8] = 1
        lineage.checkpoint()
        app.states["counts"][9] = 1
        app = lineage.take_over()
        assert app.states["counts"][8] == 1
        assert 9 not in app.states["counts"]
        held = app.keys["kek"].frozen()
        begun = held.encrypt(b"begun before")
        lineage.rekey()
        assert app.keys["kek"].current().generation == 3
        assert (held.generation, held.decrypt(begun)) == (2, b"begun before")
        app = lineage.reseal(new_generation=False)
        assert app.keys["kek"].current().generation == 3
    assert log[:2] == [
        "activation None <KeyGeneration kek 1>",
        "activation <KeyGeneration kek 1> <KeyGeneration kek 2>",
    ]


def test_an_aborted_reseal_serves_on_and_the_next_one_succeeds() -> None:
    with Lineage(make) as lineage:
        lineage.app.states["counts"][1] = 1
        lineage.seal()
        with pytest.raises(Refused):
            lineage.app.states["counts"][2] = 2
        lineage.instance.supervisor.advise("abort", lineage.authority.abort())
        lineage.instance.supervisor.until("SERVING")
        lineage.app.states["counts"][2] = 2
        app = lineage.reseal()
        assert dict(app.states["counts"]) == {1: 1, 2: 2}


def test_many_reseals_retire_old_generations() -> None:
    with Lineage(make) as lineage:
        for number in range(20):
            lineage.app.states["counts"][number] = number
            lineage.reseal()
            lineage.checkpoint()
            lineage.instance.supervisor.advise("retired", lineage.authority.retire())
        assert dict(lineage.app.states["counts"]) == {number: number for number in range(20)}
        assert lineage.authority.gen == 21


def test_a_state_of_many_segments_comes_back_whole() -> None:
    def blobs() -> reseal.App:
        app = reseal.App()
        app.state("blobs", of=bytes)
        return app

    with Lineage(blobs, authority=Authority(recovery=2)) as lineage:
        kept = {number: os.urandom(900_000 + number) for number in range(12)}
        for number, blob in kept.items():
            lineage.app.states["blobs"][number] = blob
        assert dict(lineage.reseal().states["blobs"]) == kept


def test_a_lost_receipt_is_repeated_to_a_supervisor_that_comes_back() -> None:
    with Lineage(make) as lineage:
        lineage.app.states["counts"][1] = 1
        supervisor, authority = lineage.instance.supervisor, lineage.authority
        real = authority.register

        def away(message: bytes) -> None:
            raise Refused("UNAVAILABLE", "away")

        authority.register = away  # type: ignore[method-assign]
        supervisor.advise("finish", authority.prepare(True))
        supervisor.wait(lambda: "authority-refused" in dict(supervisor.events), "a refused receipt")
        authority.register = real  # type: ignore[method-assign]
        supervisor.close()
        supervisor.reopen()
        supervisor.wait(lambda: authority.state == "SEALED", "sealed")
        lineage.instance.kill()
        lineage.instance = lineage._born()
        assert dict(lineage.app.states["counts"]) == {1: 1}


def test_what_is_lost_while_the_instance_introduces_itself_is_said_in_another_introduction() -> None:
    with Lineage(make) as lineage:
        supervisor, engine = lineage.instance.supervisor, lineage.instance.runtime._engine
        heard = supervisor.event
        supervisor.events.clear()

        def event(name: str, fields: object) -> None:
            heard(name, fields)
            if name == "serving" and [each for each, _ in supervisor.events].count("serving") == 1:
                engine._lost = True

        supervisor.event = event  # type: ignore[method-assign]
        supervisor.close()
        supervisor.reopen()
        supervisor.wait(lambda: [each for each, _ in supervisor.events].count("born") == 2, "introduced twice")


def test_a_locked_instance_seals_again_into_a_fresh_container_with_the_same_content() -> None:
    with Lineage(make) as lineage:
        lineage.app.states["counts"][1] = 1
        supervisor, authority = lineage.instance.supervisor, lineage.authority
        receipts: list[bytes] = []

        def torn(message: bytes) -> None:
            receipts.append(message)
            raise Refused("UNAVAILABLE", "the file was torn")

        real, authority.register = authority.register, torn  # type: ignore[method-assign]
        supervisor.advise("finish", authority.prepare(True))
        supervisor.wait(lambda: len(receipts) == 1, "a receipt")
        supervisor.advise("seal")
        supervisor.wait(lambda: len(receipts) == 2, "another receipt")
        first, second = (
            messages.decode(messages.SealReceipt, cose.parse(receipt, 1 << 16).payload) for receipt in receipts
        )
        assert first.core != second.core
        assert rsc1.Core.decode(first.core).pk_open != rsc1.Core.decode(second.core).pk_open
        assert first.head == second.head
        authority.register = real  # type: ignore[method-assign]
        supervisor.advise("seal")
        supervisor.wait(lambda: authority.state == "SEALED", "sealed")
        lineage.instance.kill()
        lineage.instance = lineage._born()
        assert dict(lineage.app.states["counts"]) == {1: 1}


def test_passports_are_renewed_after_a_third_of_their_life() -> None:
    with Lineage(make, authority=Authority(life_ms=300)) as lineage:
        assert len(passports(lineage.instance, 1.5)) >= 6


def passports(instance: Instance, within_s: float) -> set[bytes | None]:
    """Those that the instance has meanwhile."""
    seen = set()
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        seen.add(instance.runtime._instance.passport)
        time.sleep(0.01)
    return seen


def test_passports_are_renewed_though_the_supervisor_died_as_the_instance_began_to_serve() -> None:
    known, gone = threading.Event(), threading.Event()
    candidates: list[Instance] = []

    def dying() -> reseal.App:
        app = make()

        @app.on_resume
        def supervisor_dies() -> None:
            if sealed:
                assert known.wait(10)
                candidates[0].supervisor.close()
                gone.set()

        return app

    sealed: list[bool] = []
    with Lineage(dying, authority=Authority(life_ms=300)) as lineage:
        lineage.seal()
        lineage.instance.kill()
        sealed.append(True)
        lineage.instance = lineage.candidate()
        candidates.append(lineage.instance)
        known.set()
        assert gone.wait(10)
        lineage.instance.supervisor.reopen()
        lineage.instance.supervisor.until("SERVING")
        assert len(passports(lineage.instance, 1.5)) >= 4


def test_a_passport_that_was_lost_on_its_way_is_accepted_as_advice_and_renewed_at_once() -> None:
    with Lineage(make) as lineage:
        authority = lineage.authority
        instance = lineage.instance.runtime._instance
        lost = authority.passport()
        before = instance.passport
        lineage.instance.supervisor.advise("passport", lost)
        deadline = time.monotonic() + 10.0
        while instance.passport in (before, lost) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert instance.passport not in (before, lost), "a third of its life is 40 s"


def test_one_that_serves_looks_at_its_slots_and_tries_to_make_a_quote() -> None:
    with Lineage(make) as lineage:
        lineage.checkpoint()
        supervisor, body = lineage.instance.supervisor, lineage.authority.body
        assert body is not None
        supervisor.advise("plat-check", body.slots)
        supervisor.wait(lambda: "plat-check" in dict(supervisor.events), "plat-check")
        assert dict(supervisor.events)["plat-check"] == {1: [True]}

        def away(report_data: bytes) -> bytes:
            raise Refused("UNAVAILABLE", "no quoting service")

        lineage.platform.quote = away  # type: ignore[method-assign]
        supervisor.advise("plat-check", body.slots)
        supervisor.wait(lambda: "refused" in dict(supervisor.events), "refused")
        assert dict(supervisor.events)["refused"] == {1: "plat-check", 2: "UNAVAILABLE"}
        assert supervisor.state == "SERVING"


def test_a_candidate_that_gets_another_platform_key_dies_and_says_why() -> None:
    with Lineage(make) as lineage:
        lineage.app.states["counts"][1] = 1
        lineage.seal()
        lineage.instance.kill()
        ours, lineage.platform = lineage.platform, Platform()
        candidate = lineage.candidate()
        candidate.supervisor.until("DEAD")
        candidate.supervisor.wait(lambda: "restore-failed" in dict(candidate.supervisor.events), "restore-failed")
        assert dict(candidate.supervisor.events)["restore-failed"][1] == "PLATFORM_KEY_CHANGED"
        candidate.kill()
        lineage.platform = ours
        lineage.instance = lineage._born()
        assert dict(lineage.app.states["counts"]) == {1: 1}


@pytest.mark.parametrize("ahead", [True, False])
def test_a_container_that_the_host_changed_never_reaches_the_application(ahead: bool) -> None:
    with Lineage(make) as lineage:
        for number in range(100):
            lineage.app.states["counts"][number] = number
        lineage.seal()
        lineage.instance.kill()
        body = lineage.authority.body
        assert body is not None
        good = lineage._containers[body.body_id]
        for offset in range(16 + len(body.core) + len(body.slots), len(good), 97):
            changed = bytearray(good)
            changed[offset] ^= 1
            lineage._containers[body.body_id] = bytes(changed)
            candidate = lineage.candidate(body.body_id.hex() if ahead else "")
            candidate.supervisor.until("DEAD")
            assert len(candidate.app.states["counts"]) == 0
            candidate.kill()
        lineage._containers[body.body_id] = good
        lineage.instance = lineage._born()
        assert len(lineage.app.states["counts"]) == 100
