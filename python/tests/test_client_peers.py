"""Peers that keep to TLS and to nothing else: the relying party leaves them in time, and says why."""

from __future__ import annotations

import contextlib
import pathlib
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from stand_ins import Authority, policy_of

from reseal import tls
from reseal.client import AttestedClient, Refused, Unreachable

Says = Callable[[], Iterable[bytes]]
OK = b"HTTP/1.1 200 OK\r\n"


class Peer:
    """Answers every hello with these bytes; ``endings`` has who ended each connection."""

    def __init__(self, says: Says, context: ssl.SSLContext) -> None:
        self.endings: queue.Queue[str] = queue.Queue()
        self._says, self._context = says, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        try:
            with self._context.wrap_socket(raw, server_side=True) as channel:
                channel.recv(4096)
                for part in self._says():
                    channel.sendall(part)
        except OSError:
            self.endings.put("client")
        else:
            self.endings.put("peer")


@contextlib.contextmanager
def peer(says: Says, context: ssl.SSLContext | None = None) -> Iterator[Peer]:
    one = Peer(says, context or tls.TlsIdentity.generate().context())
    try:
        yield one
    finally:
        one.close()


def dribble(first: bytes, part: bytes) -> Iterator[bytes]:
    """Never silent for long; gives up after 10 s."""
    yield first
    for _ in range(200):
        time.sleep(0.05)
        yield part


@pytest.mark.parametrize(
    ("first", "part"),
    [(OK + b"Content-Length: 100000\r\n\r\n", b"x"), (b"", b"HTTP/1.1 100 Continue\r\n\r\n")],
)
def test_a_peer_that_never_ends_its_answer_to_the_challenge_is_left_in_time(
    authority: Authority, first: bytes, part: bytes
) -> None:
    with peer(lambda: dribble(first, part)) as endless:
        with pytest.raises(Unreachable):
            AttestedClient(endless.url, policy_of(authority), connect_within_s=0.5).get("/")
        assert endless.endings.get(timeout=30) == "client"


def test_an_answer_in_chunks_is_not_read(authority: Authority) -> None:
    """``http.client`` takes a size below zero for everything that comes, or raises what nobody expects."""
    chunks = OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n"
    with peer(lambda: [chunks]) as other, pytest.raises(Unreachable, match="in chunks"):
        AttestedClient(other.url, policy_of(authority), connect_within_s=1.0).get("/")


def test_the_reason_that_was_given_is_told_though_the_last_attempt_ran_out_of_time(authority: Authority) -> None:
    said = [OK.replace(b"200 OK", b"503 Wait") + b"Reseal-Rule: EPOCH_CHANGED\r\nContent-Length: 0\r\n\r\n"]
    with peer(lambda: [said.pop()] if said else dribble(OK, b"")) as other:
        with pytest.raises(Unreachable, match="EPOCH_CHANGED"):
            AttestedClient(other.url, policy_of(authority), connect_within_s=1.0).get("/")


def test_a_certificate_that_cannot_be_read_is_refused(authority: Authority, tmp_path: pathlib.Path) -> None:
    """X.509 version 6: TLS carries it, the library that reads the key does not know it."""
    key = ec.generate_private_key(ec.SECP256R1())
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    carrier = tls._carrier(key, spki).replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020105"), 1)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "both.pem").write_bytes(tls._pem(carrier) + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    with peer(lambda: [], context) as other, pytest.raises(Refused, match="cannot be read") as refused:
        AttestedClient(other.url, policy_of(authority), connect_within_s=5.0).get("/")
    assert refused.value.rule == "CHANNEL_MISMATCH"
