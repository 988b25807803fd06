"""The calls to a supervisor: what is only announced is waited for by whoever calls next."""

from __future__ import annotations

import contextlib
import pathlib
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from reseal.link import Link, LinkError

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
UNKNOWN = b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n"
CLOSING = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


class Peer:
    """Hears requests without a body, and answers each connection as it is told, when it is told; ``b""`` hangs up."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.answers, self.again = (queue.SimpleQueue[bytes]() for _ in range(2))
        self.link = Link(f"http://127.0.0.1:{self._listening.getsockname()[1]}/i/x")
        self.missed: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for answers in (self.answers, self.again):
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                threading.Thread(target=self._answer, args=(connection, answers), daemon=True).start()
                while line := stream.readline():
                    self.heard.put(line.split()[1].decode().removeprefix("/i/x/"))
                    while stream.readline().strip():
                        pass

    def _answer(self, connection: socket.socket, answers: queue.SimpleQueue[bytes]) -> None:
        while answer := answers.get():
            connection.sendall(answer)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def announce(self, name: str) -> None:
        self.link.announce("/" + name, b"", lambda: self.missed.append(name))

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


def test_an_announcement_waits_for_nobody_and_comes_before_the_next_call(peer: Peer) -> None:
    peer.announce("first")
    peer.announce("second")
    assert [peer.heard.get(timeout=5) for _ in range(2)] == ["first", "second"]
    for _ in range(3):
        peer.answers.put(NO_CONTENT)
    assert peer.link.post("/third", b"") == (204, b"")
    assert peer.heard.get(timeout=5) == "third"
    assert peer.missed == []


def test_an_announcement_that_is_refused_is_noticed_at_the_next_call(peer: Peer) -> None:
    peer.announce("first")
    peer.announce("second")
    for answer in (UNKNOWN, NO_CONTENT, NO_CONTENT):
        peer.answers.put(answer)
    assert peer.link.post("/third", b"") == (204, b"")
    assert peer.missed == ["first"]


@pytest.mark.parametrize("ending", [b"", CLOSING])
def test_announcements_that_were_not_answered_are_missed_and_the_call_is_made_anew(peer: Peer, ending: bytes) -> None:
    peer.announce("first")
    peer.announce("second")
    if ending:
        peer.answers.put(ending)
    peer.answers.put(b"")
    peer.again.put(NO_CONTENT)
    assert peer.link.post("/third", b"") == (204, b"")
    assert sorted(peer.missed) == (["second"] if ending else ["first", "second"])


def test_announcements_nobody_answers_do_not_pile_up(peer: Peer) -> None:
    for number in range(8):
        peer.announce(str(number))
    threading.Timer(0.1, lambda: peer.answers.put(b"")).start()
    with pytest.raises(LinkError):
        peer.announce("one more")
    assert sorted(peer.missed) == sorted(map(str, range(8)))


EARLY = """
import sys, threading
import reseal._launch as launch
launch.device_fd = 0
launch.advice |= {"endpoint": sys.argv[1], "container": "ab" * 32}
import reseal
start = threading.Thread.start
def first(thread):
    threading.Thread.start = start
    print(thread.name, "reseal.app" in sys.modules, "reseal.instance" in sys.modules)
    start(thread)
threading.Thread.start = first
reseal.App
"""


def test_a_launched_instance_reads_its_container_while_the_sdk_is_loaded(peer: Peer) -> None:
    endpoint = f"http://127.0.0.1:{peer.link._address[1]}/i/x"
    package = str(pathlib.Path(__file__).parents[1])
    words = [sys.executable, "-c", EARLY, endpoint]
    done = subprocess.run(words, cwd=package, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.split() == ["reseal-ahead", "False", "False"]
    assert peer.heard.get(timeout=5) == "container/" + "ab" * 32
