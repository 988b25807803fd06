"""A lineage in one process, for the tests of an application: real formats and keys, no enclave.

``Lineage(make_app, wsgi)`` runs what ``make_app`` returns as an instance of a small authority,
supervisor and platform that live in memory. ``reseal()``, ``take_over()`` and ``rekey()`` do to it
what the real ones do, so a test can show that the application's state, hooks and keys live through
it. It proves nothing about attestation: quotes are not quotes here.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from reseal.ahead import Ahead
from reseal.errors import ResealError
from reseal.instance import Trust
from reseal.link import Link

if TYPE_CHECKING:
    from reseal.app import App
    from reseal.runtime import Runtime

from reseal.testing_authority import Authority
from reseal.testing_supervisor import WAIT_S, Supervisor

__all__ = ["Authority", "Lineage", "Platform", "Supervisor"]


class Platform:
    """Keys that depend on the request and on a secret of this object."""

    cpu_svn = bytes(16)
    isv_svn = 1

    def __init__(self) -> None:
        self._secret = os.urandom(32)

    def egetkey(self, request: bytes) -> bytes:
        return hmac.digest(self._secret, request, "sha256")[:16]

    def quote(self, report_data: bytes) -> bytes:
        return b"no quote: reseal.testing" + report_data


class Instance:
    """A running application and the supervisor that it talks to."""

    def __init__(self, app: App, runtime: Runtime, supervisor: Supervisor) -> None:
        self.app = app
        self.runtime = runtime
        self.supervisor = supervisor

    @property
    def port(self) -> int:
        """Where it serves TLS on 127.0.0.1."""
        return self.supervisor.port

    def kill(self) -> None:
        """As a SIGKILL: nothing is sealed, nobody is told."""
        self.runtime.dead("exit")
        self.supervisor.close()


class Lineage:
    """A service that lives through re-seals in this process; use it as a context manager."""

    def __init__(
        self,
        make_app: Callable[[], App],
        wsgi_app: Callable[[App], Callable[..., Iterable[bytes]]] | None = None,
        authority: Authority | None = None,
    ) -> None:
        self.authority = authority or Authority()
        self.platform = Platform()
        self._make = make_app
        self._wsgi = wsgi_app
        self._containers: dict[bytes, bytes] = {}
        self.instance = self._born()

    def __enter__(self) -> Lineage:
        return self

    def __exit__(self, *_: object) -> None:
        self.instance.kill()

    @property
    def app(self) -> App:
        """The application of the instance that is current now."""
        return self.instance.app

    def _born(self) -> Instance:
        """Creates, attests and activates an instance for the operation that is SEALED."""
        if self.authority.state == "EMPTY":
            self.authority.begin()
        instance = self.candidate()
        instance.supervisor.until("SERVING")
        instance.supervisor.wait(lambda: instance.port > 0, "serving")
        return instance

    def candidate(self, container: str | None = None) -> Instance:
        """An instance that was challenged; it goes as far as the authority lets it.

        ``container`` is what the supervisor advises it to read ahead, by itself the newest one.
        """
        from reseal.runtime import Runtime

        app = self._make()
        if self.authority.epoch == 0:
            self.authority.purposes(app.declared_keys)
        supervisor = Supervisor(self.authority)
        supervisor.containers = self._containers
        trust = Trust((self.authority.key.public,), None, self.authority.lineage)
        wsgi = self._wsgi(app) if self._wsgi else _not_found
        newest = next(reversed(self._containers), b"").hex() if container is None else container
        ahead = Ahead(Link(supervisor.endpoint), newest)
        ahead.begin()
        runtime = Runtime(app, wsgi, self.platform, trust, ahead)
        app.start_in(runtime)
        supervisor.advise("challenge", self.authority.challenge())
        return Instance(app, runtime, supervisor)

    def seal(self, new_generation: bool = True) -> None:
        """Locks the current instance and registers its container."""
        supervisor = self.instance.supervisor
        supervisor.advise("finish", self.authority.prepare(new_generation))
        supervisor.wait(lambda: self.authority.state == "SEALED", "sealed")

    def reseal(self, new_generation: bool = True) -> App:
        """The next instance, with the state of this one; its application."""
        self.seal(new_generation)
        self.instance.kill()
        self.instance = self._born()
        return self.app

    def checkpoint(self) -> None:
        """Makes what is in the state now the registered head."""
        supervisor = self.instance.supervisor
        before = sum(name == "checkpointed" for name, _ in supervisor.events)
        supervisor.advise("checkpoint")
        supervisor.wait(lambda: sum(name == "checkpointed" for name, _ in supervisor.events) > before, "checkpointed")

    def take_over(self) -> App:
        """Kills the instance and goes on from the head: what is newer is lost."""
        self.instance.kill()
        self.authority.begin()
        self.instance = self._born()
        return self.app

    def rekey(self) -> None:
        """A new generation into the same instance."""
        gen = self.authority.gen
        self.instance.supervisor.advise("rekey-grant", self.authority.rekey())
        deadline = time.monotonic() + WAIT_S
        while self.app.ring.active <= gen:
            if time.monotonic() > deadline:
                raise ResealError(f"generation {gen + 1} was not installed: {self.instance.supervisor.events}")
            time.sleep(0.01)


def _not_found(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return []
