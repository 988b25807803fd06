"""The supervisor's side of transport T4 in memory, for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from reseal import cbor, cose, messages
from reseal.errors import Refused
from reseal.hashes import body_id
from reseal.testing_authority import Authority

__all__ = ["WAIT_S", "Supervisor"]

WAIT_S = 10.0


class Supervisor:
    """T4 over real HTTP for one handle: stores containers, carries messages, queues advice."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.events: list[tuple[str, Any]] = []
        self.containers: dict[bytes, bytes] = {}
        self.fetched: list[str] = []
        """What was asked for of containers: their hex names, with ``:N`` behind it if only the last N bytes."""
        self.port = 0
        self.state = ""
        self._advice: list[list[Any]] = []
        self._pending = b""
        self._changed = threading.Condition()
        self._over = False
        self._server = self._listen(0)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/i/test"

    @property
    def over(self) -> bool:
        return self._over

    def _listen(self, port: int) -> ThreadingHTTPServer:
        outer = self

        class Handler(_Calls):
            supervisor = outer

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def close(self) -> None:
        """Gone, as far as an instance can see."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def reopen(self) -> None:
        """Back at the same address, with the advice of before."""
        self._over = False
        self._server = self._listen(self._server.server_address[1])

    def advise(self, verb: str, payload: bytes = b"") -> None:
        with self._changed:
            self._advice.append([len(self._advice) + 1, verb, payload])
            self._changed.notify_all()

    def wait(self, what: Callable[[], bool], said: str) -> None:
        """Until it is so; ``AssertionError`` with what was seen if it does not become so."""
        deadline = time.monotonic() + WAIT_S
        with self._changed:
            while not what():
                if not self._changed.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    raise AssertionError(f"not {said} within {WAIT_S} s; events: {self.events}")

    def until(self, state: str) -> None:
        self.wait(lambda: self.state == state, state)

    def advice_after(self, after: int) -> list[list[Any]]:
        with self._changed:
            self._changed.wait_for(lambda: self._over or len(self._advice) > after, 5.0)
            return self._advice[after:]

    def event(self, name: str, fields: Any) -> None:
        with self._changed:
            self.events.append((name, fields))
            if name == "state":
                self.state = fields[1]
            elif name == "serving":
                self.port = fields[1]
            self._changed.notify_all()

    def store(self, content: bytes) -> None:
        self._pending = content

    def message(self, name: str, message: bytes) -> bytes | None:
        """The authority's answer, or None if it goes out as advice."""
        try:
            if name == "grant-request":
                self.advise("grant", self.authority.grant(message))
                return None
            if name == "ready":
                self._keep(messages.Ready, message)
                self.advise("activation", self.authority.activate(message))
                return None
            if name == "seal-receipt":
                self._keep(messages.SealReceipt, message)
                self.authority.register(message)
                self.event("registered", {})
                return None
            if name == "checkpoint":
                self._keep(messages.Checkpoint, message)
                answer = self.authority.checkpoint(message)
                self.event("checkpointed", {})
                return answer
            return self.authority.renew(message)
        except Refused as refused:
            self.event("authority-refused", {1: name, 2: refused.rule, 3: refused.detail})
            raise

    def _keep(self, kind: type[Any], message: bytes) -> None:
        found = messages.decode(kind, cose.parse(message, 128 * 1024).payload)
        body = found.body_id if isinstance(found, messages.Ready) else body_id(found.core, found.footer)
        if self._pending:
            self.containers[body], self._pending = self._pending, b""


class _Calls(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    supervisor: Supervisor
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the instance is gone; there is nobody to tell

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def parse_request(self) -> bool:
        """A supervisor that is gone answers nobody, over connections of before either."""
        if self.supervisor.over:
            self.close_connection = True
            return False
        return super().parse_request()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.endswith("/advice"):
            items = self.supervisor.advice_after(int(parse_qs(url.query)["after"][0]))
            self.close_connection = self.supervisor.over
            self._answer(200, cbor.encode(items)) if items else self._answer(204)
            return
        name = url.path.rpartition("/")[2]
        wanted = self.headers.get("Range", "").removeprefix("bytes=-")
        self.supervisor.fetched.append(f"{name}:{wanted}" if wanted else name)
        content = self.supervisor.containers.get(bytes.fromhex(name))
        if content is None:
            self._answer(404)
        elif wanted:
            last = content[-int(wanted) :]
            span = f"bytes {len(content) - len(last)}-{len(content) - 1}/{len(content)}"
            self._answer(206, last, Content_Range=span)
        else:
            self._answer(200, content)

    def do_PUT(self) -> None:
        self.supervisor.store(self._body())
        self._answer(201)

    def do_POST(self) -> None:
        body = self._body()
        kind, name = self.path.split("/")[-2:]
        if kind == "event":
            self.supervisor.event(name, cbor.decode(body))
            self._answer(204)
        elif kind == "message":
            try:
                answer = self.supervisor.message(name, body)
            except Refused as refused:
                error = {1: refused.code, 2: refused.rule, 3: refused.detail, 4: None, 5: None}
                self._answer(409, cbor.encode(error))
                return
            self._answer(202) if answer is None else self._answer(200, answer)
        else:
            self.supervisor.event("born", {})
            self._answer(204)
