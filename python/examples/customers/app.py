"""Customers live in the memory of one process and outlive it; the billing token does not outlive its generation.

An ordinary WSGI application without a framework. Run it with ``reseal run --lineage customers -- python3 app.py``.

    PUT    /customers/ID            {"name": ..., "email": ..., "revision": ...}
    GET    /customers/ID
    DELETE /customers/ID
    POST   /customers               {ID: record, ...}: all of them or none
    GET    /customers?after=ID&limit=N&prefix=P
    GET    /billing                 which token the service signs in with, without telling it
"""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any

import reseal

service = reseal.App()
customers = service.state("customers", of=dict, schema_version=1)
token = service.key("billing-token")

PAGE_MAX = 1000


class Billing:
    """Stands for a client of another service that wants to be signed in and flushed."""

    def __init__(self) -> None:
        self.account = ""
        self.generation = 0
        self.queue: list[str] = []

    def sign_in(self, secret: bytes, generation: int) -> None:
        self.account = hmac.digest(secret, b"account", hashlib.sha256).hex()[:16]
        self.generation = generation

    def flush(self) -> None:
        self.queue.clear()


billing = Billing()


@service.on_key("billing-token")
def sign_in_again(_old: Any, new: Any, _reason: str) -> None:
    """Before the first request, and at every new generation."""
    billing.sign_in(new.reveal(), new.generation)


@service.on_quiesce(timeout=2.0)
def settle() -> None:
    billing.flush()


class Problem(Exception):
    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status = status


def show(customer_id: str) -> Any:
    if customer_id not in customers:
        raise Problem("404 Not Found", f"no customer {customer_id}")
    return customers[customer_id]


def store(customer_id: str, record: Any) -> None:
    if not isinstance(record, dict) or not isinstance(record.get("name"), str):
        raise Problem("400 Bad Request", "a customer is an object with a name")
    customers[customer_id] = record
    billing.queue.append(customer_id)


def take_over(records: Any) -> Any:
    if not isinstance(records, dict):
        raise Problem("400 Bad Request", "an object of customers by id")
    with customers.transaction() as tx:  # lands whole in this instance or in its successor
        for customer_id, record in records.items():
            tx[customer_id] = record
    return {"stored": len(records)}


def page(query: dict[str, str]) -> Any:
    after, prefix = query.get("after", ""), query.get("prefix", "")
    limit = int(query.get("limit", "100"))
    if not 1 <= limit <= PAGE_MAX:
        raise Problem("400 Bad Request", f"a limit between 1 and {PAGE_MAX}")
    ids = sorted(each for each in customers if each > after and each.startswith(prefix))[:limit]
    return {each: customers[each] for each in ids}


def answer(method: str, path: str, query: dict[str, str], body: bytes) -> Any:
    _, collection, *rest = path.split("/")
    if collection == "billing" and method == "GET":
        return {"account": billing.account, "generation": billing.generation}
    if collection != "customers":
        raise Problem("404 Not Found", f"nothing at {path}")
    match (method, *rest):
        case ("GET",):
            return page(query)
        case ("POST",):
            return take_over(json.loads(body))
        case ("GET", customer_id):
            return show(customer_id)
        case ("PUT", customer_id):
            return store(customer_id, json.loads(body))
        case ("DELETE", customer_id):
            customers.pop(customer_id, None)
            return None
    raise Problem("405 Method Not Allowed", f"{method} {path}")


def web(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    query = dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))
    try:
        body = environ["wsgi.input"].read()
        found = answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], query, body)
    except Problem as problem:
        start_response(problem.status, [("Content-Type", "text/plain; charset=utf-8")])
        return [str(problem).encode()]
    except ValueError:
        start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"not what this service reads"]
    if found is None:
        start_response("204 No Content", [])
        return []
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]


if __name__ == "__main__":
    service.serve(web)
