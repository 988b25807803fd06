"""What clients whom nobody knows can take from a server: not its ears, not its memory, not the end of a drain."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import ssl
import threading
import time

import pytest
from stand_ins import Start

from reseal import http1
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


def post(port: int, request: bytes) -> bytes:
    tls = connect(port)
    tls.sendall(request)
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
        last.connect(("127.0.0.1", port))  # so that the server's accept, which may have a descriptor already, returns
        time.sleep(0.3)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for each in taken:
            os.close(each)
        last.close()
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


@pytest.mark.parametrize(("path", "size"), [("/.well-known/reseal/v1", 1025), ("/", (16 << 20) + 1)])
def test_a_body_that_is_too_large_is_refused_before_it_is_sent(start: Start, path: str, size: int) -> None:
    tls = connect(start().port)
    tls.sendall(b"POST %s HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (path.encode(), size))
    assert tls.recv(100)[:12] == b"HTTP/1.1 413"


def test_large_bodies_wait_for_room_and_small_ones_do_not(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = start()
    port, bodies = instance.port, instance.server._bodies
    announced = [connect(port) for _ in range(4)]
    for each in announced:
        each.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (16 << 20))
    deadline = time.monotonic() + 5
    while bodies._left and time.monotonic() < deadline:
        time.sleep(0.005)
    assert bodies._left == 0
    large = b"POST /large HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"l" * 100_000
    assert post(port, b"POST /small HTTP/1.1\r\nContent-Length: 5\r\n\r\nsmall") == b"HTTP/1.1 200"
    with monkeypatch.context() as soon:
        soon.setattr(http1, "REQUEST_S", 0.5)
        assert post(port, large) == b"HTTP/1.1 503"
    announced[0].close()
    assert post(port, large) == b"HTTP/1.1 200"
    assert instance.calls == ["POST /small", "POST /large"]
    for each in announced[1:]:
        each.close()


def test_a_request_that_trickles_in_is_given_up(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "REQUEST_S", 0.3)
    tls = connect(start().port)
    tls.sendall(b"GET / HTTP/1.1\r\n")
    tls.settimeout(0.02)
    answer = b""
    for number in range(250):
        tls.sendall(b"X-%d: y\r\n" % number)
        with contextlib.suppress(TimeoutError):
            answer = tls.recv(100)
            break
    assert answer[:12] == b"HTTP/1.1 408"


def test_who_is_hung_up_is_sent_nothing_more_in_the_clear() -> None:
    ours, theirs = socket.socketpair()
    shaking = threading.Thread(target=lambda: ssl._create_unverified_context().wrap_socket(theirs))
    shaking.start()
    with TlsIdentity.generate().context().wrap_socket(ours, server_side=True) as served:
        shaking.join()
        _hang_up(served)
        assert served.version() == "TLSv1.3", "another thread may be sending"
