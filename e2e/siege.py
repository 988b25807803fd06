"""Threads that misbehave towards the authority's HTTPS API on loopback."""

from __future__ import annotations

import collections
import contextlib
import http.client
import itertools
import pathlib
import socket
import ssl
import threading
import time
from collections.abc import Callable

from reseal import cbor

MORE_THAN_IT_HOLDS = 400
GROWTH_KB = 300 << 10
"""256 connections with their TLS buffers and a body of 128 KiB each are less."""

POLITE = {400, 404, 409, 413, 431, "closed"}


class Siege:
    """Threads that misbehave until the end of the block; what they were told is counted."""

    def __init__(self, home: pathlib.Path) -> None:
        self._port = int((home / "authority" / "port").read_text())
        self._trust = ssl.create_default_context(cafile=str(home / "public" / "authority-tls.pem"))
        self._trust.check_hostname = False
        self._over = threading.Event()
        self.told: dict[str, collections.Counter[int | str]] = collections.defaultdict(collections.Counter)
        kinds = (self.strangers, self.tricklers, self.flood, self.flood, self.oversized_headers, self.oversized_bodies)
        self._threads = [threading.Thread(target=self._until_the_end, args=(each,)) for each in kinds]

    def __enter__(self) -> Siege:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join(60)

    def _until_the_end(self, misbehave: Callable[[], None]) -> None:
        while not self._over.is_set():
            try:
                misbehave()
            except (OSError, http.client.HTTPException):  # TLS errors are OSErrors
                self.told[misbehave.__name__]["closed"] += 1

    def _connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self._port, context=self._trust, timeout=30)

    def strangers(self) -> None:
        """More connections than there is room for, without a word, and new ones all the time."""
        with contextlib.ExitStack() as held:
            for count in itertools.count(1):
                held.enter_context(socket.create_connection(("127.0.0.1", self._port), timeout=10))
                self.told["strangers"]["connected"] = max(count, self.told["strangers"]["connected"])
                if self._over.is_set() or count == 3 * MORE_THAN_IT_HOLDS:
                    return
                if count > MORE_THAN_IT_HOLDS:
                    time.sleep(0.01)

    def tricklers(self) -> None:
        """A header that never ends, a byte at a time."""
        with (
            socket.create_connection(("127.0.0.1", self._port), timeout=10) as plain,
            self._trust.wrap_socket(plain) as peer,
        ):
            peer.sendall(b"POST /v1/request HTTP/1.1\r\nHost: ")
            while not self._over.wait(0.05):
                peer.sendall(b"x")

    def flood(self) -> None:
        """Calls that mean nothing, as fast as they are answered."""
        names = itertools.cycle(
            ["request", "grant-request", "checkpoint", "key-add", "challenge", "passport", "nothing"]
        )
        with contextlib.closing(self._connection()) as peer:
            while not self._over.is_set():
                peer.request("POST", f"/v1/{next(names)}", body=bytes(100_000))
                with peer.getresponse() as answer:
                    body = answer.read()
                self.told["flood"][answer.status] += 1
                if answer.status == 409:
                    assert cbor.decode(body)[2], "a refusal names its rule"

    def oversized_headers(self) -> None:
        with contextlib.closing(self._connection()) as peer:
            peer.request("GET", "/v1/status/00", headers={"X-Long": "a" * (64 << 10)})
            self.told["oversized_headers"][peer.getresponse().status] += 1
        time.sleep(0.1)

    def oversized_bodies(self) -> None:
        with contextlib.closing(self._connection()) as peer:
            peer.request("POST", "/v1/request", body=bytes(4 << 20))
            self.told["oversized_bodies"][peer.getresponse().status] += 1
        time.sleep(0.1)


def memory_kb(pid: int) -> int:
    """The most that the process ever had in memory."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])
