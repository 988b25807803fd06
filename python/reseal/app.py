"""``reseal.App``: what runs around an application's declarations."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from reseal import _launch
from reseal.carried import Carried
from reseal.errors import Refused, say, where
from reseal.keyring import Keyring
from reseal.machine import State as Phase
from reseal.messages import Generation, Policy, app_report_data
from reseal.state import Ledger

__all__ = ["App"]


_WRITABLE = (Phase.INSTALLING, Phase.SERVING, Phase.QUIESCING)


class App(Carried):
    """One service. Inside an instance its state outlives it; elsewhere it is in-memory and says so.

    ``drain_timeout`` bounds, in seconds, how long requests in flight may take at a re-seal.
    """

    def __init__(self, *, drain_timeout: float = 10.0) -> None:
        super().__init__(drain_timeout)
        self._raised_floor = 0
        self._forked = False
        self._phase = Phase.BORN
        self._runtime: Any = None
        os.register_at_fork(after_in_child=self._in_child)

    # -- what an application may ask

    def quote(self, data: bytes) -> bytes:
        """A quote over any bytes, under its own tag: it never passes as evidence of an instance."""
        self._alive()
        if self._runtime is None or self._runtime.platform is None:
            raise Refused("UNAVAILABLE", "development mode has no platform that could quote")
        quote: bytes = self._runtime.platform.quote(app_report_data(data))
        return quote

    def raise_floor(self, generation: int) -> None:
        """Says that nothing depends on generations below this one any more."""
        self._raised_floor = max(self._raised_floor, generation)
        self._lower_bound(self._ring.active)

    @property
    def phase(self) -> str:
        """The state of the instance (protocol 8), or DEVELOPMENT."""
        return "DEVELOPMENT" if self._development else self._phase.value

    @property
    def _development(self) -> bool:
        return self._runtime is not None and self._runtime.platform is None

    def serve(self, wsgi_app: Callable[..., Iterable[bytes]]) -> NoReturn:
        """Runs the application in attested TLS until the instance is over. Does not return."""
        self.start(wsgi_app)
        code = self._runtime.wait()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # threads of requests that never end must not keep an instance that is over

    def start(self, wsgi_app: Callable[..., Iterable[bytes]] | None = None) -> None:
        """As :meth:`serve`, without waiting for the end."""
        if _launch.device_fd >= 0:
            from reseal.runtime import Runtime

            self.start_in(Runtime.launched(self, wsgi_app or _nothing))
        else:
            from reseal.development import Development

            self.start_in(Development(self, wsgi_app or _nothing))

    def start_in(self, runtime: Any) -> None:
        """Starts in surroundings of the caller's choice; ``reseal.testing`` makes some."""
        self._alive()
        self._undecided()
        self._started = True
        self._runtime = runtime
        runtime.start()

    # -- fork

    def _in_child(self) -> None:
        self._forked = True
        self._phase = Phase.DEAD
        # Whoever held these is no thread of this process.
        self._ring.lock = threading.Lock()
        self._ledger.lock = threading.RLock()
        self._ring.erase()
        self._ledger.erase()
        if self._runtime is not None:
            self._runtime.forked()

    def _alive(self) -> None:
        if self._forked:
            raise Refused(
                "WRONG_STATE",
                "this process was forked from an instance and is none: keys and state are erased here; use threads",
            )

    def _may_write(self) -> None:
        self._alive()
        if self._phase not in _WRITABLE:
            raise Refused(
                "WRONG_STATE",
                f"the instance is {self._phase.value}: state is written from on_key, on_resume or a request on",
            )

    # -- what the runtime asks (engine.Host, but for what needs the server)

    def moved(self, phase: Phase) -> None:
        self._phase = phase

    def granted(self, policy: Policy) -> None:
        self._ledger.state_max = policy.state_max
        self._reserve(self._schema())
        missing = sorted(set(self._keys) - set(policy.purposes))
        if missing:
            raise Refused(
                "POLICY_REFUSED",
                f"this application declares the key {missing[0]!r}, the policy has only {sorted(policy.purposes)}: "
                "add it to the purposes of the policy first",
            )

    def install_keys(self, reason: str, generation: int) -> None:
        for name in self._keys:
            new = self._ring.find(name, generation)
            if new is None:
                raise Refused("WRONG_STATE", f"generation {generation} has no key {name!r}")
            older = (each for each in self._ring.newest_first(name) if each.generation < generation)
            if name in self._on_key:
                self._on_key[name](next(older, None), new, reason)
        self._lower_bound(generation)

    def _lower_bound(self, active: int) -> None:
        """The oldest generation that something here still depends on."""
        floor = active
        for key in self._keys.values():
            floor = min(floor, self._raised_floor if key.keep is None else active - key.keep)
        if self._runtime is not None:
            self._runtime.floor(max(floor, self._raised_floor))

    def run_quiesce_hooks(self, deadline: float) -> bool:
        """Whether each ended in time; one that raises is :class:`Refused` as ``HOOK``."""
        for hook, timeout in self._on_quiesce:
            done: list[str] = []

            def run(hook: Callable[[], Any] = hook, done: list[str] = done) -> None:
                try:
                    hook()
                    done.append("")
                except BaseException as failure:
                    done.append(where(failure))

            thread = threading.Thread(target=run, name="reseal-quiesce", daemon=True)
            thread.start()
            thread.join(max(0.0, min(timeout, deadline - time.monotonic())))
            if not done:
                return False
            if done[0]:
                raise Refused("HOOK", f"on_quiesce: {done[0]}")
        return True

    def run_resume_hooks(self, first: bool) -> None:
        for hook in (*(self._on_identity if first else ()), *self._on_resume):
            try:
                hook()
            except BaseException as failure:  # the instance serves: that a hook failed must not end it
                say(f"on_resume: {where(failure)}")

    def develop(self, generation: Generation) -> None:
        """Development mode: keys made here, state writable."""
        self._phase = Phase.INSTALLING
        self._ring.install([generation])
        self.install_keys("development", generation.gen)
        self._phase = Phase.SERVING
        self.run_resume_hooks(first=True)

    @property
    def declared_keys(self) -> list[str]:
        return list(self._keys)

    @property
    def ledger(self) -> Ledger:
        return self._ledger

    @property
    def ring(self) -> Keyring:
        return self._ring


def _nothing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"this instance has no web application\n"]
