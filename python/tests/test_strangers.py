"""What clients whom nobody knows can take from a server: not its ears, not its memory, not the end of a drain."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import ssl
import threading

import pytest
from stand_ins import Start

from reseal.server import _hang_up
from reseal.tls import TlsIdentity


def connect(port: int, raw: socket.socket | None = None) -> ssl.SSLSocket:
    raw = raw or socket.socket()
    raw.settimeout(5)
    raw.connect(("127.0.0.1", port))
    return ssl._create_unverified_context().wrap_socket(raw)


def get(tls: ssl.SSLSocket) -> bytes:
    tls.sendall(b"GET / HTTP/1.1\r\n\r\n")
    return tls.recv(100)[:12]


def test_a_server_that_ran_out_of_descriptors_accepts_again(start: Start) -> None:
    port = start().port
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    last = socket.socket()
    taken: list[int] = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno() + 20, limits[1]))
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(last.fileno()))
        assert get(connect(port, last)) == b"HTTP/1.1 200"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for each in taken:
            os.close(each)
    assert get(connect(port)) == b"HTTP/1.1 200"


def test_a_connection_for_which_there_is_no_thread_is_closed_and_the_next_is_served(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = start().port
    real = threading.Thread.start

    def short(thread: threading.Thread) -> None:
        monkeypatch.setattr(threading.Thread, "start", real)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", short)
    with pytest.raises((ConnectionError, ssl.SSLError)):
        connect(port)
    assert get(connect(port)) == b"HTTP/1.1 200"


def test_who_is_hung_up_is_sent_nothing_more_in_the_clear() -> None:
    ours, theirs = socket.socketpair()
    shaking = threading.Thread(target=lambda: ssl._create_unverified_context().wrap_socket(theirs))
    shaking.start()
    with TlsIdentity.generate().context().wrap_socket(ours, server_side=True) as served:
        shaking.join()
        _hang_up(served)
        assert served.version() == "TLSv1.3", "another thread may be sending"
