"""A small service in a lineage, called over TLS."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Any

import reseal
from reseal.state import State
from reseal.testing import Authority, Lineage

LARGE = b"l" * (16 << 20)
"""More than a connection takes from a server whose client does not read."""


class Web:
    """A WSGI application over a counter; ``/slow`` waits until told, ``/large`` answers by megabytes."""

    def __init__(self, app: reseal.App) -> None:
        self.counts: State[int] = app.states["counts"]
        self.release = threading.Event()
        self.entered = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow":
            self.entered.set()
            self.release.wait(10)
        if environ["PATH_INFO"] == "/pool":
            worker = threading.Thread(target=self.count)
            worker.start()
            worker.join()
        elif environ["REQUEST_METHOD"] == "POST":
            self.count()
        if environ["PATH_INFO"] == "/large":
            self.entered.set()
            start_response("500 No" if environ["QUERY_STRING"] == "fail" else "200 OK", [])
            return [LARGE]
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(self.counts.get("n", 0)).rjust(len(environ["QUERY_STRING"])).encode()]

    def count(self) -> None:
        with self.counts.transaction() as tx:
            tx["n"] = tx.get("n", 0) + 1


class Service:
    def __init__(self, authority: Authority | None = None, drain_timeout: float = 5.0) -> None:
        self.webs: list[Web] = []
        self.hooks: list[str] = []
        self.quiesce: Callable[[], None] = lambda: self.hooks.append("quiesce")
        self.resume: Callable[[], None] = lambda: self.hooks.append("resume")

        def make() -> reseal.App:
            app = reseal.App(drain_timeout=drain_timeout)
            app.state("counts", of=int)
            app.on_quiesce(timeout=1.0)(lambda: self.quiesce())
            app.on_resume(lambda: self.resume())
            app.on_identity_change(lambda: self.hooks.append("identity"))
            return app

        self.lineage = Lineage(make, self._web, authority)

    def _web(self, app: reseal.App) -> Web:
        self.webs.append(Web(app))
        return self.webs[-1]

    def call(self, method: str = "GET", path: str = "/", key: str | None = None) -> tuple[int, str, str | None]:
        connection = self.connect()
        connection.request(method, path, headers={"Idempotency-Key": key} if key else {})
        answer = connection.getresponse()
        content = answer.read().decode()
        connection.close()
        return answer.status, content, answer.getheader("Reseal-Rule")

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.lineage.instance.port, timeout=10, context=context)
        connection.connect()
        return connection
