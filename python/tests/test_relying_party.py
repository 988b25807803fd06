"""The example service and its relying party through a whole lineage: each new instance is attested anew."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

import reseal
from reseal.client import EMULATED, AttestedClient, Memory, Policy, Refused, Unreachable
from reseal.client_checks import Floor
from reseal.messages import FLAG_DEMO_POLICY, FLAG_TAKEOVER
from reseal.testing import Lineage

EXAMPLE = pathlib.Path(__file__).resolve().parents[1] / "examples" / "customers" / "app.py"


def example() -> Any:
    """The module anew, as a new process would load it."""
    spec = importlib.util.spec_from_file_location("customers_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Service:
    """The lineage of the example; ``web`` of whichever module is current answers."""

    def __init__(self) -> None:
        self.modules: list[Any] = []
        self.lineage = Lineage(self._make, lambda _: self.modules[-1].web)
        self.memory = Memory()

    def _make(self) -> reseal.App:
        self.modules.append(example())
        app: reseal.App = self.modules[-1].service
        return app

    def client(
        self, accept: int = FLAG_DEMO_POLICY | FLAG_TAKEOVER, memory: Memory | None = None, within_s: float = 20.0
    ) -> AttestedClient:
        authority = self.lineage.authority
        policy = Policy((authority.key.public,), authority.lineage, frozenset((bytes(32),)), frozenset((EMULATED,)))
        url = f"https://127.0.0.1:{self.lineage.instance.port}"
        policy = dataclasses.replace(policy, accept_flags=accept)
        return AttestedClient(url, policy, memory or self.memory, connect_within_s=within_s)


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    with service.lineage:
        service.lineage.instance.supervisor.wait(lambda: service.lineage.instance.port > 0, "serving")
        yield service


def test_customers_outlive_the_instance_and_its_key(service: Service) -> None:
    with service.client(within_s=1.0) as before:
        many = {f"c{n:03}": {"name": f"n{n}"} for n in range(300)}
        assert before.post("/customers", json.dumps(many).encode(), idempotency_key="load").status == 200
        assert before.put("/customers/c007", b'{"name": "Bond", "email": null}').status == 204
        assert before.delete("/customers/c008").status == 204
        signed_in = json.loads(before.get("/billing").body)
        service.lineage.reseal()
        service.lineage.instance.supervisor.wait(lambda: service.lineage.instance.port > 0, "serving")
        with pytest.raises(Unreachable):
            before.get("/customers/c007")
    with service.client() as after:
        assert json.loads(after.get("/customers/c007").body) == {"name": "Bond", "email": None}
        assert after.get("/customers/c008").status == 404
        page = json.loads(after.get("/customers?prefix=c&after=c100&limit=3").body)
        assert page == {each: many[each] for each in ("c101", "c102", "c103")}
        assert json.loads(after.get("/billing").body)["generation"] == signed_in["generation"] + 1
        assert after.passport is not None
        assert after.passport.head.epoch == 2


def test_bad_input_to_the_example_is_answered_and_changes_nothing(service: Service) -> None:
    with service.client() as client:
        for body in (b"", b"[]", b'{"name": 1}', b"\xff"):
            assert client.put("/customers/x", body).status == 400
        assert client.get("/customers?limit=0").status == 400
        assert client.get("/nowhere").status == 404
        assert client.request("PATCH", "/customers/x").status == 405
        assert json.loads(client.get("/customers").body) == {}


def test_the_demo_policy_must_be_accepted_by_name(service: Service) -> None:
    with service.client(accept=0, memory=Memory()) as strict, pytest.raises(Refused, match="demo policy"):
        strict.get("/customers")


def test_who_saw_the_successor_refuses_the_old_instance_that_a_host_keeps_running(service: Service) -> None:
    with service.client() as before:
        before.get("/billing")
    service.memory.saw(service.lineage.authority.lineage, Floor(2, 2, 2))
    with service.client() as again, pytest.raises(Refused) as refused:
        again.get("/billing")
    assert refused.value.rule == "EPOCH_SUPERSEDED"
