"""The application outside an instance: everything works, nothing is sealed, and it says so."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from reseal.gate import Gate
from reseal.messages import Generation
from reseal.server import Server
from reseal.tls import TlsIdentity

if TYPE_CHECKING:
    from reseal.app import App

__all__ = ["Development"]

_BANNER = """\
reseal: ====================================================================
reseal: DEVELOPMENT MODE: no enclave, no authority, nothing is sealed.
reseal: State lives in this process only and is gone when it ends.
reseal: Listening on https://127.0.0.1:{port} with a certificate that nobody
reseal: should trust. `reseal run` starts this application in an instance.
reseal: ===================================================================="""


class Development:
    """Same server, same hooks, keys made here."""

    platform = None

    def __init__(self, app: App, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._gate = Gate(app.ledger, self)
        self._server = Server(wsgi_app, TlsIdentity.generate(), self._gate, self._hello)
        self.port = 0

    def start(self) -> None:
        keys = {name: os.urandom(32) for name in self._app.declared_keys}
        self._app.develop(Generation(1, 2, keys))
        self._gate.open()
        self.port = self._server.start()
        print(_BANNER.format(port=self.port), file=sys.stderr, flush=True)

    def wait(self) -> int:
        """Until the process is interrupted."""
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            self._server.close()
        return 130

    def forked(self) -> None:
        """In a child: the app itself refuses."""
        self._server.forked()

    def floor(self, generation: int) -> None:
        """There is only one generation."""

    def rpo_updates(self) -> int | None:
        return None

    def want_checkpoint(self) -> None:
        """Nothing is sealed."""

    def _hello(self, hello: bytes) -> bytes:
        raise ValueError("development mode: this is no attested instance")
