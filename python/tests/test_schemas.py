"""What an image kept is given to the next in a form that it reads, or fails the candidate and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import reseal
from reseal.errors import Refused
from reseal.testing import Lineage


def test_a_snapshot_is_given_to_the_restore_hook_with_its_version() -> None:
    seen: list[Any] = []

    def make() -> reseal.App:
        app = reseal.App()
        app.snapshot("visits", version=2)(lambda: {"count": 41 + len(seen)})
        app.restore("visits", versions=(1, 2))(lambda document, version: seen.append((document, version)))
        return app

    with Lineage(make) as lineage:
        lineage.reseal()
        lineage.reseal()
    assert seen == [({"count": 41}, 2), ({"count": 42}, 2)]


def _versioned(version: int, migrate: dict[int, Callable[[Any], Any]] | None = None) -> Callable[[], reseal.App]:
    def make() -> reseal.App:
        app = reseal.App()
        app.state("s", of=dict, schema_version=version, migrate=migrate)
        return app

    return make


def _next_fails(lineage: Lineage, make: Callable[[], reseal.App]) -> dict[int, Any]:
    """Seals, lets a candidate of another image try, and gives its restore-failed event."""
    lineage.seal()
    lineage.instance.kill()
    lineage._make = make
    candidate = lineage.candidate()
    try:
        candidate.supervisor.until("DEAD")
        candidate.supervisor.wait(lambda: "restore-failed" in dict(candidate.supervisor.events), "restore-failed")
        found: dict[int, Any] = dict(candidate.supervisor.events)["restore-failed"]
        return found
    finally:
        candidate.kill()


def test_an_older_schema_is_migrated_step_by_step() -> None:
    with Lineage(_versioned(1)) as lineage:
        lineage.app.states["s"]["k"] = {"name": "n"}
        lineage._make = _versioned(3, {1: lambda value: {**value, "email": None}, 2: lambda value: {**value, "age": 0}})
        app = lineage.reseal()
        assert app.states["s"]["k"] == {"name": "n", "email": None, "age": 0}
        assert lineage.reseal().states["s"]["k"] == {"name": "n", "email": None, "age": 0}


@pytest.mark.parametrize("make", [_versioned(2), reseal.App], ids=["another version", "no such state"])
def test_a_state_that_the_image_does_not_read_fails_the_candidate_and_loses_nothing(make: Any) -> None:
    with Lineage(_versioned(1)) as lineage:
        lineage.app.states["s"]["k"] = {"a": 1}
        assert _next_fails(lineage, make)[1] == "RECORD"
        lineage._make = _versioned(1)
        lineage.instance = lineage._born()
        assert lineage.app.states["s"]["k"] == {"a": 1}


def test_a_restore_hook_that_throws_fails_the_candidate_without_telling_what_it_said() -> None:
    def make(broken: bool) -> reseal.App:
        app = reseal.App()
        app.snapshot("s", version=1)(lambda: "secret content")

        def load(document: Any, _: int) -> None:
            if broken:
                raise RuntimeError(f"cannot use {document}")

        app.restore("s", versions=(1,))(load)
        return app

    with Lineage(lambda: make(False)) as lineage:
        found = _next_fails(lineage, lambda: make(True))
        assert found[1] == "HOOK"
        assert "RuntimeError" in found[2]
        assert "secret" not in found[2]
        lineage._make = lambda: make(False)
        lineage.instance = lineage._born()


def test_a_state_that_is_filled_until_a_write_is_refused_can_be_sealed_and_so_can_its_successor() -> None:
    def make() -> reseal.App:
        app = reseal.App()
        app.state("filled", of=str)
        app.snapshot("visits", version=1)(lambda: 200 * "v")
        app.restore("visits", versions=(1,))(lambda value, version: None)
        return app

    with Lineage(make) as lineage:
        for _ in range(2):
            ledger = lineage.app.ledger
            ledger.state_max = ledger.size + 2000
            with pytest.raises(Refused) as refused:
                lineage.app.states["filled"].update({f"{ledger.version} {number}": "v" for number in range(2000)})
            assert refused.value.rule == "POLICY"
            lineage.reseal()
