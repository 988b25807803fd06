"""A service in this process and a customer: real SDK, TLS and client; authority and supervisor in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ending import Ending, refused, won

import reseal
from reseal.client import EMULATED, AttestedClient, Memory, Policy
from reseal.errors import Refused
from reseal.messages import FLAG_DEMO_POLICY
from reseal.testing import Authority, Lineage

BALANCE = b"balance 100"


def _app() -> reseal.App:
    app = reseal.App()
    app.state("ledger", of=dict, schema_version=1)
    app.key("records")
    return app


def answer(app: reseal.App) -> Callable[..., Iterable[bytes]]:
    def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [BALANCE]

    return wsgi


def born(life_ms: int = 120_000) -> Lineage:
    return Lineage(_app, answer, Authority(life_ms=life_ms))


def client(lineage: Lineage, port: int, memory: Memory | None = None) -> AttestedClient:
    policy = Policy(
        (lineage.authority.key.public,),
        lineage.authority.lineage,
        frozenset((bytes(32),)),
        frozenset((EMULATED,)),
        FLAG_DEMO_POLICY,
    )
    return AttestedClient(f"https://127.0.0.1:{port}", policy, memory, connect_within_s=1.0)


def asked(customer: AttestedClient, gain: str) -> Ending:
    with customer:
        try:
            customer.get("/")
        except Refused as refusal:
            return refused(refusal)
    return won(gain)
