"""The instance's calls to the supervisor: HTTP/1.1 on loopback, untrusted (transport T4).

A client of its own because ``http.client`` costs more at start-up than all of its calls.
"""

from __future__ import annotations

import io
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from reseal import cbor
from reseal.errors import ResealError
from reseal.response import LinkError, Response

__all__ = ["Download", "Link", "LinkError"]

POLL_S = 30.0
CALL_S = 30.0
KEEP_S = 60.0
_UNREAD = 8


class _Connection:
    def __init__(self, address: tuple[str, int], timeout: float) -> None:
        self.socket = socket.create_connection(address, timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.used = time.monotonic()
        self.stream = io.BufferedReader(socket.SocketIO(self.socket, "r"), 256 * 1024)

    def quiet(self) -> bool:
        """Used a moment ago, and neither closed by the other side nor with bytes that nobody asked for."""
        state = select.poll()
        state.register(self.socket, select.POLLIN)
        return time.monotonic() - self.used < KEEP_S and not state.poll(0)

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


class Link:
    """``endpoint`` is ``http://127.0.0.1:PORT/i/<handle>``; it chooses where to connect, never whom to trust."""

    def __init__(self, endpoint: str) -> None:
        scheme, _, rest = endpoint.partition("://")
        authority, slash, path = rest.partition("/")
        host, _, port = authority.partition(":")
        if scheme != "http" or not port.isdecimal() or not slash:
            raise LinkError(f"endpoint {endpoint!r} is not http://HOST:PORT/PATH")
        self._address = host, int(port)
        self._base = "/" + path.rstrip("/")
        self._lock = threading.Lock()
        self._calls: _Connection | None = None
        self._unread: list[Callable[[], None]] = []
        self._polls: _Connection | None = None
        self._containers: _Connection | None = None

    def _head(self, method: str, path: str, extra: str) -> bytes:
        host = f"{self._address[0]}:{self._address[1]}"
        return f"{method} {self._base}{path} HTTP/1.1\r\nHost: {host}\r\n{extra}\r\n".encode("ascii")

    def _posting(self, path: str, body: bytes) -> bytes:
        return self._head("POST", path, f"Content-Length: {len(body)}\r\nContent-Type: application/cbor\r\n") + body

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body. Once more on a new connection if a kept one turns out to be closed."""
        request = self._posting(path, body)
        with self._lock:
            for attempt in (self._calls is None, True):
                try:
                    connection = self._calls = self._calls or _Connection(self._address, CALL_S)
                    connection.socket.sendall(request)
                    self._read_unread(connection)
                    response = Response(connection.stream)
                    content = response.whole()
                    if not response.kept:
                        self._drop()
                    return response.status, content
                except (OSError, LinkError, ValueError) as failure:
                    self._drop()
                    if attempt:
                        raise LinkError(f"POST {path}: {failure}") from failure
        raise AssertionError("unreachable")

    def announce(self, path: str, body: bytes, missed: Callable[[], None]) -> None:
        """Says it and goes on: the answer is read with that of the next call, and ``missed`` called if it was none."""
        request = self._posting(path, body)
        with self._lock:
            try:
                connection = self._calls = self._calls or _Connection(self._address, CALL_S)
                if len(self._unread) == _UNREAD:
                    self._read_unread(connection)
                connection.socket.sendall(request)
                self._unread.append(missed)
            except (OSError, LinkError, ValueError) as failure:
                self._drop()
                raise LinkError(f"POST {path}: {failure}") from failure

    def _read_unread(self, connection: _Connection) -> None:
        while self._unread:
            response = Response(connection.stream)
            response.whole()
            missed = self._unread.pop(0)
            if response.status // 100 != 2:
                missed()
            if not response.kept:
                raise LinkError("the supervisor closes the connection")

    def _drop(self) -> None:
        if self._calls is not None:
            self._calls.close()
            self._calls = None
        while self._unread:
            self._unread.pop()()

    def poll(self, after: int) -> list[Any]:
        """Advice newer than ``after``; empty if there was none for a while. One caller."""
        try:
            connection = self._polls = self._polls or _Connection(self._address, POLL_S)
            connection.socket.sendall(self._head("GET", f"/advice?after={after}", ""))
            response = Response(connection.stream)
            content = response.whole()
            if not response.kept:
                self._end_poll()
            if response.status == 204:
                return []
            if response.status != 200:
                raise LinkError(f"GET /advice: status {response.status}")
            items = cbor.decode(content)
        except (OSError, ResealError, ValueError) as failure:
            self._end_poll()
            raise LinkError(f"GET /advice: {failure}") from failure
        if type(items) is not list:
            raise LinkError("GET /advice: not an array")
        return items

    def _end_poll(self) -> None:
        if self._polls is not None:
            self._polls.close()
            self._polls = None

    def _for_container(self) -> _Connection:
        """The connection that the last container went over, if it can carry another, or a new one."""
        with self._lock:
            kept, self._containers = self._containers, None
        if kept is not None:
            if kept.quiet():
                return kept
            kept.close()
        return _Connection(self._address, CALL_S)

    def _keep(self, connection: _Connection, response: Response) -> None:
        with self._lock:
            if response.kept and self._containers is None:
                connection.used = time.monotonic()
                self._containers = connection
                return
        connection.close()

    def put(self, path: str, chunks: Iterable[bytes | memoryview]) -> int:
        """Streams a chunked body; the status. One that breaks off is not repeated: it cannot be."""
        try:
            connection = self._for_container()
            try:
                out = connection.socket
                out.sendall(self._head("PUT", path, "Transfer-Encoding: chunked\r\n"))
                for chunk in chunks:
                    if len(chunk) < 4096:
                        out.sendall(b"%x\r\n" % len(chunk) + bytes(chunk) + b"\r\n")
                    else:
                        out.sendall(b"%x\r\n" % len(chunk))
                        out.sendall(chunk)
                        out.sendall(b"\r\n")
                out.sendall(b"0\r\n\r\n")
                response = Response(connection.stream)
                response.whole()
            except BaseException:
                connection.close()
                raise
            self._keep(connection, response)
            return response.status
        except (OSError, ValueError) as failure:
            raise LinkError(f"PUT {path}: {failure}") from failure

    def get(self, path: str, tail: int | None = None) -> Download:
        """A container, or its last bytes if the supervisor grants the range; the caller closes it."""
        extra = "" if tail is None else f"Range: bytes=-{tail}\r\n"
        try:
            connection = self._for_container()
            try:
                connection.socket.sendall(self._head("GET", path, extra))
                response = Response(connection.stream)
            except BaseException:
                connection.close()
                raise
        except (OSError, ValueError) as failure:
            raise LinkError(f"GET {path}: {failure}") from failure
        return Download(response, connection.socket, lambda: self._keep(connection, response))


class Download:
    """A streamed answer; its connection is used again if it was read to its end."""

    def __init__(self, response: Response, socket: socket.socket, release: Callable[[], None]) -> None:
        self._socket = socket
        self._release = release
        self.response = response

    def __enter__(self) -> Download:
        return self

    def __exit__(self, *_: object) -> None:
        self._release()

    def fill(self, target: memoryview) -> memoryview:
        """The whole target, of a body whose length is known."""
        try:
            self.response.fill(target, self._socket)
        except (OSError, ValueError) as failure:
            raise LinkError(f"the container breaks off: {failure}") from failure
        return target

    def readinto(self, target: memoryview) -> int:
        try:
            return self.response.readinto(target)
        except (OSError, ValueError) as failure:
            raise LinkError(f"the container breaks off: {failure}") from failure
