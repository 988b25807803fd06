"""The application of the crash matrix: for each client a hash chain over all that it was told, and one count over all clients.

A chain shows a missing, a repeated and a reordered update; the count puts the updates of all clients into one order.

    POST /append?client=C    the body joins the chain of C
    GET  /chain?client=C     with the newest count over all
    GET  /key                the SHA-256 of the key that is installed
    GET  /slow?s=SECONDS     answers late, so that a drain lasts, or runs into its deadline

While the file ``restore-refused`` lies beside the lineage's instances, no state can be restored.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any

import holds
import moves
import reseal

EVERYBODY = "*"

service = reseal.App(drain_timeout=1.5)
chains = service.state("chains", of=dict, schema_version=1)
token = service.key("billing-token")
turn = threading.Lock()


class Held:
    """What this instance remembers beside its state."""

    key = ""
    counted = 0


@service.on_key("billing-token")
def installed(_old: Any, new: Any, _reason: str) -> None:
    Held.key = hashlib.sha256(new.reveal()).hexdigest()


@service.snapshot("count", version=1)
def count() -> int:
    """Called right before the state is read for a container, while no update is under way."""
    Held.counted = chain(EVERYBODY)["all"]
    return Held.counted


@service.restore("count", versions=(1,))
def compare(counted: int, _version: int) -> None:
    refused = pathlib.Path(os.readlink("/proc/self/fd/2")).parents[2] / "restore-refused"
    if refused.exists():
        raise RuntimeError(f"{refused} is there")
    if counted != chain(EVERYBODY)["all"]:
        raise RuntimeError(f"sealed with {counted} updates, restored with {chain(EVERYBODY)}")


def chain(client: str) -> dict[str, Any]:
    return dict(chains.get(client, {"n": 0, "chain": "", "all": 0}))


def append(client: str, body: bytes) -> dict[str, Any]:
    with turn:
        old = chain(client)
        joined = hashlib.sha256(old["chain"].encode() + body).hexdigest()
        total = chain(EVERYBODY)["all"] + 1
        new = {"n": old["n"] + 1, "chain": joined, "all": total}
        with chains.transaction() as tx:
            tx[client] = new
            tx[EVERYBODY] = {"n": 0, "chain": "", "all": total}
        return new


def web(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    query = dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))
    match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
        case "POST", "/append":
            found = append(query["client"], environ["wsgi.input"].read())
        case "GET", "/chain":
            found = {**chain(query["client"]), "total": chain(EVERYBODY)["all"]}
        case "GET", "/key":
            found = {"sha256": Held.key}
        case "GET", "/slow":
            time.sleep(float(query["s"]))
            found = {}
        case _:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"nothing here"]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]


if __name__ == "__main__":
    moves.to_stderr()
    holds.to_stderr(lambda: Held.counted)
    service.serve(web)
