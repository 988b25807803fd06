"""The instance's side of the emulated device (transport T2): keys, reports and quotes."""

from __future__ import annotations

import socket
import threading
from typing import Any, NamedTuple, Protocol

from reseal import cbor
from reseal.errors import Refused
from reseal.slots import PlatformKeys

__all__ = ["Device", "Identity", "Platform", "identity_of"]

FRAME = 1024 * 1024
_RULES = {300: "PLATFORM", 32: "SVN_DOWNGRADE", 64: "SVN_DOWNGRADE", 301: "UNAVAILABLE"}


class Identity(NamedTuple):
    """What an instance's own report says of it; read from the body of an SGX report."""

    cpu_svn: bytes
    attributes: bytes
    mrenclave: bytes
    mrsigner: bytes
    isv_prod_id: int
    isv_svn: int


def identity_of(report: bytes) -> Identity:
    if len(report) < 320:
        raise Refused("PLATFORM", f"a report of {len(report)} bytes")
    return Identity(
        report[:16],
        report[48:64],
        report[64:96],
        report[128:160],
        int.from_bytes(report[256:258], "little"),
        int.from_bytes(report[258:260], "little"),
    )


class Platform(PlatformKeys, Protocol):
    """What an instance asks of the platform under it."""

    def quote(self, report_data: bytes) -> bytes:
        """A quote over 64 bytes of REPORTDATA; ``Refused`` with UNAVAILABLE while quoting is."""


class Device:
    """The connection that is this instance's SECS; calls are one at a time."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._lock = threading.Lock()
        report = self._call(["report", bytes(512), bytes(64)], 432)
        self.identity = identity_of(report)
        self.cpu_svn = self.identity.cpu_svn
        self.isv_svn = self.identity.isv_svn

    def egetkey(self, request: bytes) -> bytes:
        return self._call(["egetkey", request], 16)

    def quote(self, report_data: bytes) -> bytes:
        return self._call(["quote", report_data], None)

    def close(self) -> None:
        self._socket.close()

    def _call(self, request: list[Any], size: int | None) -> bytes:
        frame = cbor.encode(request)
        with self._lock:
            self._socket.sendall(len(frame).to_bytes(4, "big") + frame)
            length = int.from_bytes(self._receive(4), "big")
            if not 1 <= length <= FRAME:
                raise Refused("PLATFORM", f"the device answers with a frame of {length} bytes")
            answer = cbor.decode(self._receive(length))
        if type(answer) is not list or not answer or type(answer[0]) is not int:
            raise Refused("PLATFORM", "the device answers with something else than a result")
        if answer[0] != 0:
            detail = f"device refused {request[0]}: {answer[1:3]}"
            raise Refused(_RULES.get(answer[0], "PLATFORM"), detail)
        result = answer[1] if len(answer) == 2 else None
        if type(result) is not bytes or (size is not None and len(result) != size):
            raise Refused("PLATFORM", f"the device answers {request[0]} with a result of another form")
        return result

    def _receive(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            more = self._socket.recv(size - len(got))
            if not more:
                raise Refused("PLATFORM", "the device closed the connection: this instance is gone")
            got += more
        return got
