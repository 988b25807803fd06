"""HTTP/1.1 on the server's side: requests read with every size bounded, answers written whole."""

from __future__ import annotations

import contextlib
import hashlib
import io
import select
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

__all__ = ["BODY_MAX", "Answer", "BadRequest", "Request", "Room", "Stream", "body_size", "environ", "epoch_changed"]
__all__ += ["goodbye", "plain", "read_head", "send", "whole"]

HEADER_MAX = 32 << 10
BODY_MAX = 16 << 20
BODY_SMALL = 64 << 10
SILENCE_S = 30.0
REQUEST_S = 60.0

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


class Answer(NamedTuple):
    """A whole response, as it can be kept and given again."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class BadRequest(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Request:
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


class Stream:
    """Buffered reading from a connection that can be told to stop waiting."""

    def __init__(self, tls: ssl.SSLSocket, wake: int) -> None:
        self._tls = tls
        self._buffer = bytearray()
        self._poll = select.poll()
        self._poll.register(tls.fileno(), select.POLLIN)
        self._wake = wake
        self._fresh = True
        self._ends = 0.0

    def ready(self) -> bool:
        """Waits for the first byte of a request; False at the end, after silence, or when a drain begins first.

        A new connection is not idle: its first request is waited for whatever happens.
        """
        if not self._buffer and not self._tls.pending():
            events = {fd for fd, _ in self._poll.poll(SILENCE_S * 1000)}
            if self._fresh:
                self._fresh = False
                self._poll.register(self._wake, select.POLLIN)
            if self._tls.fileno() not in events:
                return False
        self._ends = time.monotonic() + REQUEST_S
        return bool(self._buffer) or self._fill()

    def left_s(self) -> float:
        """How long the request that has begun may still take to arrive."""
        return self._ends - time.monotonic()

    def _fill(self) -> bool:
        left_s = self.left_s()
        try:
            if left_s <= 0:
                raise TimeoutError
            self._tls.settimeout(min(left_s, SILENCE_S))
            part = self._tls.recv(64 << 10)
        except TimeoutError:
            raise BadRequest(408, f"a request that did not arrive within {REQUEST_S:.0f} s") from None
        self._buffer += part
        return bool(part)

    def _more(self) -> None:
        if not self._fill():
            raise BadRequest(400, "a request that ends early")

    def line(self, room: int) -> bytes:
        """Up to and with the next line feed."""
        while (end := self._buffer.find(b"\n")) < 0 and len(self._buffer) <= room:
            self._more()
        if end < 0 or end >= room:
            raise BadRequest(431, f"headers of more than {HEADER_MAX} bytes")
        return self._take(end + 1)

    def read(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        return self._take(size)

    def _take(self, size: int) -> bytes:
        with memoryview(self._buffer) as whole:
            part = bytes(whole[:size])
        del self._buffer[:size]
        return part


class Room:
    """What the large bodies of all connections may take together; a small one is never in the way."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size: int, within_s: float) -> Iterator[None]:
        counted = size if size > BODY_SMALL else 0
        with self._changed:
            if not self._changed.wait_for(lambda: counted <= self._left, within_s):
                raise BadRequest(503, f"BUSY: no room for a body of {size} bytes: repeat the request later")
            self._left -= counted
        try:
            yield
        finally:
            with self._changed:
                self._left += counted
                self._changed.notify_all()


def read_head(stream: Stream) -> Request:
    """A request without its body."""
    room = HEADER_MAX
    first = stream.line(room)
    parts = first.rstrip(b"\r\n").split(b" ")
    if len(parts) != 3 or parts[2] != b"HTTP/1.1" or not parts[0].isalpha() or not parts[1].startswith(b"/"):
        raise BadRequest(400, "not a request line of HTTP/1.1")
    request = Request(parts[0].decode("ascii"), parts[1].decode("latin-1"))
    room -= len(first)
    while (line := stream.line(room)) not in (b"\r\n", b"\n"):
        room -= len(line)
        name, colon, value = line.partition(b":")
        if not colon or not name or name.strip() != name:
            raise BadRequest(400, "a malformed header")
        request.headers.append((name.decode("latin-1").lower(), value.strip().decode("latin-1")))
    return request


def body_size(request: Request, most: int) -> int:
    """Of the body that follows its head."""
    if request.header("transfer-encoding") is not None:
        raise BadRequest(411, "send Content-Length, not Transfer-Encoding")
    lengths = [value for key, value in request.headers if key == "content-length"]
    if not lengths:
        return 0
    if len(lengths) > 1 or not lengths[0].isdecimal() or len(lengths[0]) > 10:
        raise BadRequest(400, "a malformed Content-Length")
    length = int(lengths[0])
    if length > most:
        raise BadRequest(413, f"a body of {length} bytes, more than {most}")
    return length


def environ(request: Request) -> dict[str, Any]:
    """The WSGI environment."""
    path, _, query = request.target.partition("?")
    made: dict[str, Any] = {
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
            made["CONTENT_TYPE"] = value
        elif name != "content-length":
            key = "HTTP_" + name.upper().replace("-", "_")
            made[key] = f"{made[key]},{value}" if key in made else value
    return made


def _unquote(path: str) -> str:
    raw = path.encode("latin-1")
    parts = raw.split(b"%")
    out = [parts[0]]
    for part in parts[1:]:
        digits = part[:2]
        escaped = len(digits) == 2 and set(digits) <= set(b"0123456789abcdefABCDEF")
        out.append(bytes.fromhex(digits.decode()) + part[2:] if escaped else b"%" + part)
    return b"".join(out).decode("latin-1")


def plain(status: int, text: str) -> Answer:
    return Answer(f"{status} {_REASONS[status]}", [("Content-Type", "text/plain; charset=utf-8")], text.encode())


def whole(status: str, headers: list[tuple[str, str]], parts: list[bytes]) -> Answer:
    """What an application answers, as it can be sent and kept; raises for anything that HTTP cannot say."""
    answer = Answer(status, [(name, value) for name, value in headers], b"".join(parts))
    for text in (status, *(text for header in answer.headers for text in header)):
        if {*b"\r\n"} & {*text.encode("latin-1")}:
            raise ValueError("a line break in status or headers")
    if not status[:3].isdecimal() or status[3:4] not in ("", " "):
        raise ValueError("a status that does not begin with its three digits")
    return answer


def epoch_changed(rule: str) -> Answer:
    answer = plain(503, f"{rule}: connect again, the service lives on in another instance")
    return Answer(answer.status, [*answer.headers, ("Reseal-Rule", rule)], answer.body)


def send(tls: ssl.SSLSocket, answer: Answer, *, close: bool, with_body: bool = True) -> None:
    lines = [f"HTTP/1.1 {answer.status}"]
    hop = ("content-length", "connection", "transfer-encoding")
    lines += [f"{name}: {value}" for name, value in answer.headers if name.lower() not in hop]
    lines += [f"Content-Length: {len(answer.body)}", f"Connection: {'close' if close else 'keep-alive'}"]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    tls.settimeout(SILENCE_S)
    tls.sendall(head + (answer.body if with_body else b""))


def goodbye(tls: ssl.SSLSocket) -> None:
    """close_notify, so that the peer can tell an end from a cut."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: hung up already
        tls.settimeout(1.0)
        tls.unwrap()
