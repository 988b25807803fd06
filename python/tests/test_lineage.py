"""An application lives through every operation with its state, keys and hooks."""

from __future__ import annotations

import os

import pytest

import reseal
from reseal.errors import Refused
from reseal.testing import Authority, Lineage

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
        lineage.rekey()
        assert app.keys["kek"].current().generation == 3
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
