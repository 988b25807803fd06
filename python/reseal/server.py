"""The SDK's own WSGI server: threads, HTTP/1.1, TLS 1.3 that ends in the instance (protocol 9.4, 16).

It owns connections and bytes; what a request may do is asked of ``Hooks``. Everything is bounded:
connections, header and body sizes, and the time a peer may stay silent.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from reseal.errors import say, where
from reseal.tls import TlsIdentity

CHANNEL_PATH = "/.well-known/reseal/v1"
HELLO_MAX = 1024
HEADER_MAX = 32 << 10
BODY_MAX = 16 << 20
CONNECTIONS_MAX = 512
SILENCE_S = 30.0
CHANNEL_S = 5.0

_REASONS = {
    200: "OK",
    400: "Bad Request",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    422: "Unprocessable Content",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Retryable(Exception):
    """The request must be repeated; ``rule`` tells the client why (for example ``EPOCH_CHANGED``)."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class Conflict(Exception):
    """An ``Idempotency-Key`` that was used for another request."""


class Answer(NamedTuple):
    """A whole response, as it can be kept and given again."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Hooks(Protocol):
    """What the server asks of the instance."""

    def channel(self, hello: bytes) -> bytes:
        """The answer to a hello; ``ValueError`` if it is not one."""

    def enter(self) -> bool:
        """Whether a request may run now; each True is paired with one ``leave``."""

    def leave(self) -> None:
        """The response has left, or never will."""

    def hold(self) -> None:
        """Waits until what the request wrote or read may be acknowledged; ``Retryable`` if that is unknown."""

    def answer(self, key: str, fingerprint: bytes) -> Answer | None:
        """The kept answer of an ``Idempotency-Key``; ``Conflict`` if another request used the key."""

    def keep(self, key: str, fingerprint: bytes, answer: Answer) -> None:
        """Keeps an answer inside the declared state."""


class _BadRequest(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class _Request:
    def __init__(self, method: str, target: str) -> None:
        self.method = method
        self.target = target
        self.headers: list[tuple[str, str]] = []
        self.body = b""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def fingerprint(self) -> bytes:
        """What a repeat of this request must have in common with it."""
        parts = (self.method.encode(), self.target.encode("latin-1"), self.body)
        return hashlib.sha256(b"\0".join(parts)).digest()


class _Stream:
    """Buffered reading from a connection that can be told to stop waiting."""

    def __init__(self, tls: ssl.SSLSocket, wake: int) -> None:
        self._tls = tls
        self._buffer = bytearray()
        self._poll = select.poll()
        self._poll.register(tls.fileno(), select.POLLIN)
        self._wake = wake
        self._fresh = True

    def ready(self) -> bool:
        """Waits for the first byte of a request; False at the end, after silence, or when a drain begins first.

        A new connection is not idle: its first request is waited for and answered whatever happens.
        """
        if self._buffer or self._tls.pending():
            return True
        events = {fd for fd, _ in self._poll.poll(SILENCE_S * 1000)}
        if self._fresh:
            self._fresh = False
            self._poll.register(self._wake, select.POLLIN)
        return self._tls.fileno() in events and self._fill()

    def _fill(self) -> bool:
        part = self._tls.recv(64 << 10)
        self._buffer += part
        return bool(part)

    def line(self, room: int) -> bytes:
        """Up to and with the next line feed; what there is at the end."""
        while (end := self._buffer.find(b"\n")) < 0 and len(self._buffer) <= room:
            if not self._fill():
                end = len(self._buffer) - 1
                break
        if end < 0 or end >= room:
            raise _BadRequest(431, f"headers of more than {HEADER_MAX} bytes")
        return self._take(end + 1)

    def read(self, size: int) -> bytes:
        """This many bytes; fewer at the end."""
        while len(self._buffer) < size and self._fill():
            pass
        return self._take(min(size, len(self._buffer)))

    def _take(self, size: int) -> bytes:
        part = bytes(self._buffer[:size])
        del self._buffer[:size]
        return part


class Server:
    """Listens on 127.0.0.1; the supervisor's relay brings the connections."""

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]], identity: TlsIdentity, hooks: Hooks) -> None:
        self._app = wsgi_app
        self._context = identity.context()
        self._hooks = hooks
        self._lock = threading.Lock()
        self._wake, self._waker = socket.socketpair()
        self._connections: set[socket.socket] = set()
        self._draining = False
        self._locked = False
        self._closed = False
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

    def locked(self) -> None:
        """What still arrives is answered ``EPOCH_CHANGED`` and closed."""
        self._locked = True

    def resume(self) -> None:
        """Serves on, after an abort."""
        self._draining = self._locked = False
        self._wake.recv(64)

    def close(self) -> None:
        """Stops at once."""
        self._closed = True
        self._listener.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            _hang_up(connection)

    def _accept(self) -> None:
        while not self._closed:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                full = len(self._connections) >= CONNECTIONS_MAX
                if not full:
                    self._connections.add(raw)
            if full:
                raw.close()
            else:
                threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        try:
            raw.settimeout(SILENCE_S)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._context.wrap_socket(raw, server_side=True) as tls:
                with self._lock:
                    self._connections.discard(raw)
                    self._connections.add(tls)
                try:
                    self._requests(tls)
                finally:
                    with self._lock:
                        self._connections.discard(tls)
        except OSError:
            pass  # the peer is gone; there is nobody to tell
        finally:
            with self._lock:
                self._connections.discard(raw)
            raw.close()

    def _requests(self, tls: ssl.SSLSocket) -> None:
        stream = _Stream(tls, self._wake.fileno())
        while not self._closed and stream.ready():
            try:
                request = _read_request(stream)
            except _BadRequest as fault:
                _send(tls, _plain(fault.status, str(fault)), close=True)
                return
            if request is None or not self._handle(tls, request):
                return
        _goodbye(tls)

    def _handle(self, tls: ssl.SSLSocket, request: _Request) -> bool:
        """Whether the connection goes on."""
        if request.target == CHANNEL_PATH:
            return self._channel(tls, request)
        if not self._hooks.enter():
            _send(tls, _epoch_changed("EPOCH_CHANGED"), close=True)
            return False
        try:
            answer = self._answer(request)
            wants_close = (request.header("connection") or "").lower() == "close"
            close = wants_close or self._draining
            _send(tls, answer, close=close, with_body=request.method != "HEAD")
            return not close
        finally:
            self._hooks.leave()

    def _channel(self, tls: ssl.SSLSocket, request: _Request) -> bool:
        if request.method != "POST" or len(request.body) > HELLO_MAX:
            _send(tls, _plain(405 if request.method != "POST" else 413, "post a hello of at most 1 KiB"), close=True)
            return False
        if self._locked:
            _send(tls, _epoch_changed("EPOCH_CHANGED"), close=True)
            return False
        try:
            body = self._hooks.channel(request.body)
        except Retryable as refusal:
            _send(tls, _epoch_changed(refusal.rule), close=True)
            return False
        except ValueError as fault:
            _send(tls, _plain(400, str(fault)), close=True)
            return False
        _send(tls, Answer("200 OK", [("Content-Type", "application/cbor")], body), close=False)
        return True

    def _answer(self, request: _Request) -> Answer:
        key = request.header("idempotency-key")
        fingerprint = request.fingerprint() if key else b""
        try:
            kept = self._hooks.answer(key, fingerprint) if key else None
            answer = kept or self._run(request)
            if key and kept is None and not answer.status.startswith("5"):
                self._hooks.keep(key, fingerprint, answer)
            self._hooks.hold()
        except Retryable as refusal:
            return _epoch_changed(refusal.rule)
        except Conflict as conflict:
            return _plain(422, str(conflict))
        return answer

    def _run(self, request: _Request) -> Answer:
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
            result = self._app(_environ(request), start_response)
            try:
                body.extend(result)
            finally:
                if hasattr(result, "close"):
                    result.close()
        except Retryable:
            raise
        except Exception as fault:
            # The text may hold what the application knows: only its type leaves the instance.
            say(f"{request.method} handler raised {where(fault)}")
            return _plain(500, "the application failed")
        if not started:
            return _plain(500, "the application gave no status")
        return Answer(started[0][0], started[0][1], b"".join(body))


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _read_request(stream: _Stream) -> _Request | None:
    room = HEADER_MAX
    first = stream.line(room)
    if not first:
        return None
    parts = first.rstrip(b"\r\n").split(b" ")
    if len(parts) != 3 or parts[2] != b"HTTP/1.1" or not parts[0].isalpha() or not parts[1].startswith(b"/"):
        raise _BadRequest(400, "not a request line of HTTP/1.1")
    request = _Request(parts[0].decode("ascii"), parts[1].decode("latin-1"))
    room -= len(first)
    while (line := stream.line(room)) not in (b"\r\n", b"\n"):
        room -= len(line)
        name, colon, value = line.partition(b":")
        if not line.endswith(b"\n") or not colon or not name or name.strip() != name:
            raise _BadRequest(400, "a malformed header")
        request.headers.append((name.decode("latin-1").lower(), value.strip().decode("latin-1")))
    request.body = _read_body(stream, request)
    return request


def _read_body(stream: _Stream, request: _Request) -> bytes:
    if request.header("transfer-encoding") is not None:
        raise _BadRequest(411, "send Content-Length, not Transfer-Encoding")
    lengths = [value for key, value in request.headers if key == "content-length"]
    if not lengths:
        return b""
    if len(lengths) > 1 or not lengths[0].isdecimal() or len(lengths[0]) > 10:
        raise _BadRequest(400, "a malformed Content-Length")
    length = int(lengths[0])
    if length > BODY_MAX:
        raise _BadRequest(413, f"a body of {length} bytes, more than {BODY_MAX}")
    body = stream.read(length)
    if len(body) != length:
        raise _BadRequest(400, "a body shorter than announced")
    return body


def _environ(request: _Request) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _unquote(path),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(request.body)),
    }
    for name, value in request.headers:
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name != "content-length":
            key = "HTTP_" + name.upper().replace("-", "_")
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _unquote(path: str) -> str:
    raw = path.encode("latin-1")
    parts = raw.split(b"%")
    out = [parts[0]]
    for part in parts[1:]:
        try:
            out.append(bytes((int(part[:2], 16),)) + part[2:] if len(part) >= 2 else b"%" + part)
        except ValueError:
            out.append(b"%" + part)
    return b"".join(out).decode("latin-1")


def _plain(status: int, text: str) -> Answer:
    return Answer(f"{status} {_REASONS[status]}", [("Content-Type", "text/plain; charset=utf-8")], text.encode())


def _epoch_changed(rule: str) -> Answer:
    answer = _plain(503, f"{rule}: connect again, the service lives on in another instance")
    return Answer(answer.status, [*answer.headers, ("Reseal-Rule", rule)], answer.body)


def _send(tls: ssl.SSLSocket, answer: Answer, *, close: bool, with_body: bool = True) -> None:
    lines = [f"HTTP/1.1 {answer.status}"]
    hop = ("content-length", "connection", "transfer-encoding")
    lines += [f"{name}: {value}" for name, value in answer.headers if name.lower() not in hop]
    lines += [f"Content-Length: {len(answer.body)}", f"Connection: {'close' if close else 'keep-alive'}"]
    if any("\r" in line or "\n" in line for line in lines):
        raise AssertionError("the application put a line break into a header")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    tls.sendall(head + (answer.body if with_body else b""))
    if close:
        _goodbye(tls)


def _goodbye(tls: ssl.SSLSocket) -> None:
    """close_notify, so that the peer can tell an end from a cut."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: hung up already
        tls.settimeout(1.0)
        tls.unwrap()
