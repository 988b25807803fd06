"""What a supervisor answers, as much of HTTP/1.1 as it needs (transport T4)."""

from __future__ import annotations

import io
import socket
import struct
from typing import Any

from reseal.errors import ResealError

__all__ = ["LinkError", "Response"]

_LINE = 8192
_HEADERS = 100
_BODY = 2 * 1024 * 1024


class LinkError(ResealError):
    """The supervisor does not answer, or not with HTTP; the call may or may not have arrived."""


class Response:
    """An answer; small bodies are read by :meth:`whole`, containers by :meth:`readinto`."""

    def __init__(self, stream: io.BufferedReader[Any]) -> None:
        self._stream = stream
        version, _, rest = self._line().partition(" ")
        status = rest[:3]
        if version != "HTTP/1.1" or not (status.isdecimal() and status.isascii() and len(status) == 3):
            raise LinkError("the supervisor does not speak HTTP/1.1")
        self.status = int(status)
        self.headers: dict[str, str] = {}
        while line := self._line():
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
            if len(self.headers) > _HEADERS:
                raise LinkError("the supervisor answers with too many headers")
        self._chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        length = self.headers.get("content-length", "0")
        if not (length.isdecimal() and length.isascii() and len(length) < 16):
            raise LinkError("the supervisor answers with a malformed Content-Length")
        self._left = 0 if self._chunked or self.status in (204, 304) else int(length)
        self._ended = not self._chunked

    def _line(self) -> str:
        line: bytes = self._stream.readline(_LINE)
        if not line.endswith(b"\n"):
            raise LinkError("the supervisor closed the connection")
        return line.decode("latin-1").rstrip("\r\n")

    def _next_chunk(self) -> None:
        digits = self._line().split(";")[0].strip()
        if not 0 < len(digits) <= 8 or not all(each in "0123456789abcdefABCDEF" for each in digits):
            raise LinkError("the supervisor answers with a malformed chunk")
        size = int(digits, 16)
        if size == 0:
            while self._line():
                pass
            self._ended = True
        self._left = size

    def readinto(self, target: memoryview) -> int:
        """Fills some of the target; 0 at the end of the body."""
        if self._left == 0 and not self._ended:
            self._next_chunk()
        if self._left == 0:
            return 0
        count = self._stream.readinto(target[: self._left])
        if not count:
            raise LinkError("the supervisor closed the connection inside a body")
        self._left -= count
        if self._left == 0 and not self._ended:
            self._line()
        return int(count)

    def fill(self, target: memoryview, connection: socket.socket) -> None:
        """The next bytes of a body whose length is known, past the stream's buffer when that is empty.

        In as few calls as it takes, each under the connection's timeout: beside a thread that computes, each
        return from one is a wait for the interpreter.
        """
        at = self.readinto(target[: len(self._stream.peek())])
        patience = connection.gettimeout()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", int(patience or 0), 0))
        connection.settimeout(None)
        while at < len(target):
            count = connection.recv_into(target[at:], 0, socket.MSG_WAITALL)
            if not count:
                raise LinkError("the supervisor closed the connection inside a body")
            at += count
            self._left -= count
        connection.settimeout(patience)

    def whole(self, most: int = _BODY) -> bytes:
        """The rest of a small body."""
        content = bytearray()
        buffer = memoryview(bytearray(64 * 1024))
        while count := self.readinto(buffer):
            content += buffer[:count]
            if len(content) > most:
                raise LinkError(f"the supervisor answers with more than {most} bytes")
        return bytes(content)

    @property
    def kept(self) -> bool:
        """Whether the connection can carry another call."""
        return self._ended and self._left == 0 and self.headers.get("connection", "").lower() != "close"
