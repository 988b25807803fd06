"""For relying parties: an HTTPS client that trusts an attested instance and not a certificate (protocol 16).

The passport, the key of the TLS handshake and a signed challenge are checked after the handshake and
before the first byte of the application; again before the passport ends; and again on every new
connection, since each re-seal brings a new key.
"""

from __future__ import annotations

import contextlib
import http.client
import math
import secrets
import select
import threading
import time
import urllib.parse
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple

from reseal.client_checks import EMULATED, SGX, Floor, Policy, check_answer, check_floor, hello
from reseal.client_memory import Memory
from reseal.client_tls import connect, peer_digest
from reseal.errors import Refused, ResealError
from reseal.messages import Passport

__all__ = ["EMULATED", "SGX", "AttestedClient", "Memory", "Policy", "Refused", "Response", "Unknown", "Unreachable"]

CHANNEL_PATH = "/.well-known/reseal/v1"
ANSWER_MAX = 128 * 1024
BODY_MAX = 64 << 20
_IDEMPOTENT = frozenset(("GET", "HEAD", "PUT", "DELETE"))
_BROKEN = (OSError, http.client.HTTPException)


class Unreachable(ResealError):
    """No attested connection within the time allowed; nothing of the request was sent."""


class Unknown(ResealError):
    """The request was sent and no valid answer came: it may have been carried out or not."""


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class _Again(Exception):
    """This connection is of no more use; the reason is for the message of the last attempt."""


class _NotAdmitted(_Again):
    """The active instance says that it did not begin with the request, so that any may be repeated (protocol 9.4)."""


class AttestedClient:
    """One connection at a time to the active instance of one lineage; calls may come from any thread.

    ``memory`` is what protects against an older owner; give it a path to keep it over restarts, and
    share one among clients. ``timeout_s`` bounds each wait for the peer, ``connect_within_s`` the
    search for an instance that serves, with every exchange in it: it covers a re-seal and, if long
    enough, a takeover.
    """

    def __init__(
        self,
        url: str,
        policy: Policy,
        memory: Memory | None = None,
        *,
        timeout_s: float = 10.0,
        connect_within_s: float = 30.0,
    ) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError(f"a URL of the form https://host:port, not {url}")
        self._host, self._port = parts.hostname, parts.port or 443
        self._policy = policy
        self._memory = Memory() if memory is None else memory
        self._timeout_s = timeout_s
        self._connect_within_s = connect_within_s
        self._lock = threading.Lock()
        self._channel: _Channel | None = None
        self.retried = 0
        """Requests that were sent a second time."""

    @property
    def passport(self) -> Passport | None:
        """The one under which this client talks; None before the first request and after a close."""
        channel = self._channel  # once: another thread may close it
        return None if channel is None else channel.passport

    def get(self, target: str) -> Response:
        return self.request("GET", target)

    def put(self, target: str, body: bytes, content_type: str = "application/json") -> Response:
        return self.request("PUT", target, body, {"Content-Type": content_type})

    def delete(self, target: str) -> Response:
        return self.request("DELETE", target)

    def post(
        self, target: str, body: bytes, *, idempotency_key: str | None = None, content_type: str = "application/json"
    ) -> Response:
        """With a key the request is carried out once, however often it is sent."""
        key = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        return self.request("POST", target, body, {"Content-Type": content_type, **key})

    def request(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Response:
        """Raises ``Refused`` (nothing trusted answered), ``Unreachable`` (not sent), ``Unknown`` (no answer).

        What HTTP cannot say is not sent either: ``ValueError``, and ``http.client.InvalidURL`` for the target.
        """
        sent = dict(headers or {})
        repeatable = method in _IDEMPOTENT or any(name.lower() == "idempotency-key" for name in sent)
        with self._lock:
            try:
                return self._once(method, target, body, sent)
            except _Again as first:
                if not repeatable and not isinstance(first, _NotAdmitted):
                    raise Unknown(f"{method} {target}: {first}; it may have been carried out") from first
            self.retried += 1
            try:
                return self._once(method, target, body, sent)
            except _Again as second:
                raise Unknown(f"{method} {target}: {second}, also when repeated") from second

    def close(self) -> None:
        with self._lock:
            self._drop()

    def __enter__(self) -> AttestedClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _once(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> Response:
        """What failed in any way leaves no channel: half a request may be in it."""
        try:
            return self._attested().exchange(method, target, body, headers)
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _attested(self) -> _Channel:
        """A channel whose passport is valid now. A close before the application's first byte is no failure."""
        deadline = time.monotonic() + self._connect_within_s
        pause = 0.02
        why: Exception | None = None
        while True:
            until = max(deadline, time.monotonic() + 0.05)
            try:
                if self._channel is None:
                    peer = self._host, self._port
                    self._channel = _Channel(peer, self._policy, self._memory, self._timeout_s, until)
                self._channel.attest_if_due(until)
                return self._channel
            except (*_BROKEN, _Again) as fault:
                self._drop()
                if why is None or not isinstance(fault, TimeoutError):  # the last attempt is cut short
                    why = fault
                if time.monotonic() + pause > deadline:
                    within = f"{self._connect_within_s:g} s"
                    raise Unreachable(f"no instance at {self._host}:{self._port} within {within}: {why}") from why
                time.sleep(pause)
                pause = min(2 * pause, 0.5)


class _Channel:
    """One TLS connection with the passport that it is trusted under."""

    def __init__(self, peer: tuple[str, int], policy: Policy, memory: Memory, timeout_s: float, until: float) -> None:
        self._policy = policy
        self._memory = memory
        self.passport: Passport | None = None
        self._ends = 0.0
        self._due = 0.0
        self._http = http.client.HTTPConnection(*peer)
        self._http.auto_open = 0  # never a second connection behind our back: it would not be attested
        self._http.sock = self._tls = connect(*peer, timeout_s, until)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._http.close()

    def _hung_up(self) -> bool:
        """Between two exchanges nothing but an end can arrive. Not select(): that knows no file above 1023."""
        arrived = select.poll()
        arrived.register(self._tls, select.POLLIN)
        return bool(arrived.poll(0))

    def attest_if_due(self, until: float) -> None:
        """The exchange, at first and whenever half of what was left of the passport is gone."""
        if self._http.sock is None or self._hung_up():
            raise _Again("the instance closed the connection")
        if self.passport is not None and time.monotonic() < self._due:
            return
        tls_digest = peer_digest(self._tls)
        nonce = secrets.token_bytes(32)
        floor = self._memory.floor(self._policy.lineage)  # before the hello: what comes after must not be older
        asked = hello(nonce, self._policy.lineage, floor.log_head)
        response = self._send("POST", CHANNEL_PATH, asked, {}, ANSWER_MAX, until)
        if response.status != 200:
            rule = response.headers.get("reseal-rule")
            if response.status == 503 and rule is not None:
                raise _Again(rule)
            raise Refused("NOT_ATTESTED", f"the peer answered the challenge with status {response.status}")
        now_s, now_ms = time.monotonic(), time.time_ns() // 1_000_000
        passport, newest = check_answer(response.body, self._policy, nonce, tls_digest, floor, now_ms)
        head = passport.head
        seen = Floor(head.epoch, head.fence, passport.gen, passport.log_head)
        risen = self._memory.saw(self._policy.lineage, seen)
        try:
            check_floor(passport, newest, risen)
        except Refused as meanwhile:  # who shares this memory saw a newer owner since the hello: ask again, with that
            raise _Again(str(meanwhile)) from meanwhile
        left_s = (passport.not_after - now_ms) / 1000
        self.passport = passport
        self._ends = now_s + left_s
        self._due = now_s + max(left_s / 2, 0.05)

    def exchange(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> Response:
        """The answer of the active instance; it counts only if it is here before the passport ends."""
        try:
            response = self._send(method, target, body, headers, BODY_MAX, math.inf)
        except http.client.InvalidURL:  # before anything was sent
            raise
        except _BROKEN as fault:
            raise _Again(f"no answer ({type(fault).__name__}: {fault})") from fault
        if not self._still_valid():
            raise _Again("PASSPORT_EXPIRED: the answer came after the passport had ended")
        rule = response.headers.get("reseal-rule")
        if response.status == 503 and rule is not None:
            raise _NotAdmitted(rule) if rule == "EPOCH_CHANGED" else _Again(rule)
        return response

    def _still_valid(self) -> bool:
        """By both clocks, so that a wall clock that is set back prolongs nothing."""
        assert self.passport is not None
        return time.monotonic() <= self._ends and time.time_ns() // 1_000_000 <= self.passport.not_after

    def _send(
        self, method: str, target: str, body: bytes, headers: dict[str, str], most: int, until: float
    ) -> Response:
        self._tls.bound(until)
        self._http.request(method, target, body or None, headers)
        answer = self._http.getresponse()
        if answer.chunked:  # no instance does, and http.client reads a chunk whole, whatever its size
            raise http.client.HTTPException("an answer in chunks")
        content = answer.read(most + 1)
        if len(content) > most:
            raise http.client.HTTPException(f"an answer of more than {most} bytes")
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)
