"""The SDK's own WSGI server: threads, HTTP/1.1, TLS 1.3 that ends in the instance (protocol 9.4, 16).

It owns connections and bytes; what a request may do is asked of ``Hooks``. Everything is bounded:
connections, header and body sizes, and the time a peer may stay silent.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from reseal.errors import say, where
from reseal.http1 import (
    BODY_MAX,
    SILENCE_S,
    Answer,
    BadRequest,
    Request,
    Room,
    Stream,
    body_size,
    environ,
    epoch_changed,
    goodbye,
    plain,
    read_head,
    send,
    whole,
)
from reseal.tls import TlsIdentity

__all__ = ["Answer", "Conflict", "Hooks", "Retryable", "Server"]

CHANNEL_PATH = "/.well-known/reseal/v1"
HELLO_MAX = 1024
CONNECTIONS_MAX = 512
BODIES_MAX = 64 << 20
ACCEPT_AGAIN_S = 0.05


class Retryable(Exception):
    """The request must be repeated; ``rule`` tells the client why (for example ``EPOCH_CHANGED``)."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class Conflict(Exception):
    """An ``Idempotency-Key`` that was used for another request."""


class Hooks(Protocol):
    """What the server asks about requests."""

    def enter(self) -> bool:
        """Whether a request may run, once that is decided; each True is paired with one ``leave``."""

    def leave(self) -> None:
        """The answer is decided, though not sent."""

    def hold(self) -> None:
        """Waits until what the request wrote or read may be acknowledged; ``Retryable`` if that is unknown."""

    def answer(self, key: str, fingerprint: bytes) -> Answer | None:
        """The kept answer of an ``Idempotency-Key``; ``Conflict`` if another request used the key."""

    def keep(self, key: str, fingerprint: bytes, answer: Answer) -> Answer:
        """Keeps an answer inside the declared state, unless it is a failure; what the client is answered."""


class Server:
    """Listens on 127.0.0.1; the supervisor's relay brings the connections."""

    def __init__(
        self,
        wsgi_app: Callable[..., Iterable[bytes]],
        identity: TlsIdentity,
        hooks: Hooks,
        hello: Callable[[bytes], bytes],
    ) -> None:
        """``hello`` answers what opens a channel; ``ValueError`` if it is none."""
        self._app = wsgi_app
        self._context = identity.context()
        self._hooks = hooks
        self._hello = hello
        self._changed = threading.Condition()
        self._wake, self._waker = socket.socketpair()
        self._connections: set[socket.socket] = set()
        self._answering: set[ssl.SSLSocket] = set()
        self._bodies = Room(BODIES_MAX)
        self._draining = False
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS_MAX)

    def start(self) -> int:
        """Begins to accept; the port."""
        threading.Thread(target=self._accept, name="reseal-accept", daemon=True).start()
        port: int = self._listener.getsockname()[1]
        return port

    def drain(self) -> None:
        """From now on every response closes its connection; idle ones are closed at once."""
        self._draining = True
        self._waker.send(b"d")

    def settle(self, patience_s: float) -> None:
        """Waits for the answers that are on their way; to who has not read theirs by then they are unknown."""
        with self._changed:
            now = set(self._answering)
            self._changed.wait_for(lambda: not now & self._answering, patience_s)
            for connection in now & self._answering:
                _hang_up(connection)

    def resume(self) -> None:
        """Serves on, after an abort."""
        self._draining = False
        self._wake.recv(64)

    def close(self) -> None:
        """Stops at once."""
        self._closed.set()
        _hang_up(self._listener)  # which wakes who waits in accept; closing it does not
        self._listener.close()
        with self._changed:
            connections = list(self._connections)
        for connection in connections:
            _hang_up(connection)

    def forked(self) -> None:
        """In a child: it has neither the key of the handshake nor a part in the connections."""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for each in (self._listener, *self._connections):
            each.close()

    def _accept(self) -> None:
        """Until closed: what is short now, descriptors or threads, is there again later."""
        while not self._closed.is_set():
            try:
                raw, _ = self._listener.accept()
            except OSError:
                self._closed.wait(ACCEPT_AGAIN_S)
                continue
            with self._changed:
                full = len(self._connections) >= CONNECTIONS_MAX
                if not full:
                    self._connections.add(raw)
            try:
                if not full:
                    threading.Thread(target=self._serve, args=(raw,), daemon=True).start()
                    continue
            except RuntimeError:
                with self._changed:
                    self._connections.discard(raw)
                self._closed.wait(ACCEPT_AGAIN_S)
            raw.close()

    def _serve(self, raw: socket.socket) -> None:
        try:
            raw.settimeout(SILENCE_S)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._context.wrap_socket(raw, server_side=True) as tls:
                with self._changed:
                    self._connections.discard(raw)
                    self._connections.add(tls)
                try:
                    self._requests(tls)
                finally:
                    with self._changed:
                        self._connections.discard(tls)
        except OSError:
            pass  # the peer is gone; there is nobody to tell
        except Exception as fault:
            say(f"a connection ended by {where(fault)}")
        finally:
            with self._changed:
                self._connections.discard(raw)
            raw.close()

    def _requests(self, tls: ssl.SSLSocket) -> None:
        stream = Stream(tls, self._wake.fileno())
        try:
            while not self._closed.is_set() and stream.ready() and self._one(tls, stream):
                pass
        except BadRequest as fault:
            send(tls, plain(fault.status, str(fault)), close=True)
        goodbye(tls)

    def _one(self, tls: ssl.SSLSocket, stream: Stream) -> bool:
        """Reads a request and answers it; whether the connection goes on."""
        request = read_head(stream)
        if request.target == CHANNEL_PATH:
            request.body = stream.read(body_size(request, HELLO_MAX))
            return self._channel(tls, request)
        size = body_size(request, BODY_MAX)
        try:
            with self._bodies.taken(size, stream.left_s()):
                request.body = stream.read(size)
                with self._changed:
                    self._answering.add(tls)
                answer = self._admitted(request)
            wants_close = (request.header("connection") or "").lower() == "close"
            close = wants_close or self._draining or answer is None
            send(tls, answer or epoch_changed("EPOCH_CHANGED"), close=close, with_body=request.method != "HEAD")
            return not close
        finally:
            with self._changed:
                self._answering.discard(tls)
                self._changed.notify_all()

    def _admitted(self, request: Request) -> Answer | None:
        if not self._hooks.enter():
            return None
        try:
            return self._answer(request)
        finally:
            self._hooks.leave()

    def _channel(self, tls: ssl.SSLSocket, request: Request) -> bool:
        if request.method != "POST":
            send(tls, plain(405, "post a hello"), close=True)
            return False
        try:
            body = self._hello(request.body)
        except Retryable as refusal:
            send(tls, epoch_changed(refusal.rule), close=True)
            return False
        except ValueError as fault:
            send(tls, plain(400, str(fault)), close=True)
            return False
        send(tls, Answer("200 OK", [("Content-Type", "application/cbor")], body), close=False)
        return True

    def _answer(self, request: Request) -> Answer:
        key = request.header("idempotency-key")
        fingerprint = request.fingerprint() if key else b""
        try:
            kept = self._hooks.answer(key, fingerprint) if key else None
            answer = kept or self._run(request)
            if key and kept is None:
                answer = self._hooks.keep(key, fingerprint, answer)
            self._hooks.hold()
        except Retryable as refusal:
            return epoch_changed(refusal.rule)
        except Conflict as conflict:
            return plain(422, str(conflict))
        return answer

    def _run(self, request: Request) -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        body: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], None]:
            if exc_info is None and started:
                raise AssertionError("start_response called twice")
            started[:] = [(status, headers)]
            return body.append

        try:
            result = self._app(environ(request), start_response)
            try:
                body.extend(result)
            finally:
                if hasattr(result, "close"):
                    result.close()
            if not started:
                return plain(500, "the application gave no status")
            return whole(*started[0], body)
        except Retryable:
            raise
        except (Exception, SystemExit) as fault:
            # The text may hold what the application knows: only its type leaves the instance.
            say(f"{request.method} handler raised {where(fault)}")
            return plain(500, "the application failed")


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not SSLSocket's: it forgets TLS first, and a thread that is sending would go on in the clear.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
