"""The naive way, as far as it is Python: state as pickle, TLS with tickets, memory that is shared by fork."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reseal.tls import TlsIdentity


class Enclave:
    """Holds a dict and a key; sealed under a key that every image of the signer gets."""

    def __init__(self, signers_key: bytes, blob: bytes | None = None) -> None:
        self._gcm = AESGCM(signers_key)
        self.key = os.urandom(32)
        self.state: dict[str, Any] = {}
        self.visits: dict[str, int] = {}  # which nobody thought of when sealing was written
        self.tls = TlsIdentity.generate()
        if blob is not None:
            self.state = pickle.loads(self._gcm.decrypt(blob[:12], blob[12:], None))  # this is the point

    def seal(self) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._gcm.encrypt(nonce, pickle.dumps(self.state), None)


class Leased:
    """An enclave that serves for as long as its lease runs, by the only clock that it has: the host's."""

    def __init__(self, enclave: Enclave, until: float, clock: Callable[[], float]) -> None:
        self._enclave = enclave
        self._until = until
        self._clock = clock

    def answer(self) -> dict[str, Any] | None:
        """Nothing once the lease is over."""
        return self._enclave.state if self._clock() < self._until else None


class Newest:
    """Refuses what is older than the newest number that anybody has said."""

    def __init__(self) -> None:
        self._number = 0

    def accepts(self, number: int) -> bool:
        if number < self._number:
            return False
        self._number = number
        return True


class Server:
    """TLS with session tickets as the library makes them; the host process keeps them over re-creations."""

    def __init__(self, enclave: Enclave) -> None:
        self.enclave = enclave
        self.resumed: list[bool | None] = []
        self._context = enclave.tls.context()
        self._context.num_tickets = 2
        self._context.options &= ~ssl.OP_NO_TICKET
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            try:
                with raw, self._context.wrap_socket(raw, server_side=True) as tls:
                    self.resumed.append(tls.session_reused)
                    if tls.recv(100):
                        tls.sendall(repr(self.enclave.state).encode() + b"\n")
            except OSError:
                continue


def connect(port: int, session: ssl.SSLSession | None, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A client that offers its last session again, as HTTP libraries do."""
    raw = socket.create_connection(("127.0.0.1", port), 5)
    return context.wrap_socket(raw, server_hostname="localhost", session=session)


def client_context() -> ssl.SSLContext:
    """Names and authorities are not looked at: the quote is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
