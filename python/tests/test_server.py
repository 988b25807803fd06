"""The WSGI server over real TLS connections."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from reseal.server import Answer, Retryable, Server
from reseal.tls import TlsIdentity


class Gate:
    """A small instance: counts what is in flight and can be shut."""

    def __init__(self) -> None:
        self.open = True
        self.inside = 0
        self.kept: dict[str, Answer] = {}
        self.unknown = False

    def channel(self, hello: bytes) -> bytes:
        if hello != b"hello":
            raise ValueError("not a hello")
        return b"answer"

    def enter(self) -> bool:
        if self.open:
            self.inside += 1
        return self.open

    def leave(self) -> None:
        self.inside -= 1

    def hold(self) -> None:
        if self.unknown:
            raise Retryable("UNKNOWN")

    def answer(self, key: str, fingerprint: bytes) -> Answer | None:
        return self.kept.get(key)

    def keep(self, key: str, fingerprint: bytes, answer: Answer) -> Answer:
        self.kept[key] = answer
        return answer


release = threading.Event()
calls: list[str] = []


def application(environ, start_response):  # type: ignore[no-untyped-def]
    calls.append(environ["PATH_INFO"])
    if environ["PATH_INFO"] == "/slow":
        release.wait(5)
    if environ["PATH_INFO"] == "/boom":
        raise RuntimeError("the launch code is 0000")
    if environ["PATH_INFO"] == "/exit":
        sys.exit("the launch code is 0000")
    if environ["PATH_INFO"] == "/euro":
        start_response("200 OK", [("X-Price", "0000 \u20ac")])
        return [b"got"]
    if environ["PATH_INFO"] == "/break":
        start_response("200 OK", [("X-Name", "0000\r\nX-Other: 1")])
        return [b"got"]
    if environ["PATH_INFO"] == "/text":
        start_response("200 OK", [])
        return ["0000"]
    if environ["PATH_INFO"] == "/status":
        start_response("fine 0000", [])
        return [b"got"]
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("X-Path", environ["PATH_INFO"])])
    return [b"got ", body]


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def identity() -> TlsIdentity:
    return TlsIdentity.generate()


@pytest.fixture
def server(gate: Gate, identity: TlsIdentity) -> Iterator[tuple[Server, int]]:
    server = Server(application, identity, gate, gate.channel)
    port = server.start()
    yield server, port
    server.close()


def client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect(port: int) -> http.client.HTTPSConnection:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=client_context())
    connection.connect()
    return connection


def test_requests_share_a_connection_and_bodies_arrive_whole(server: tuple[Server, int]) -> None:
    connection = connect(server[1])
    for size in (0, 1, 70_000):
        connection.request("PUT", "/a%20b%+f%2?x=1", b"z" * size)
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"got " + b"z" * size)
        assert response.headers["X-Path"] == "/a b%+f%2"


def test_the_key_of_the_handshake_is_the_identity_and_no_session_can_be_resumed(
    server: tuple[Server, int], identity: TlsIdentity
) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    connection = connect(server[1])
    tls = connection.sock
    assert isinstance(tls, ssl.SSLSocket)
    certificate = x509.load_der_x509_certificate(tls.getpeercert(True) or b"")
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert hashlib.sha256(spki).digest() == hashlib.sha256(identity.spki).digest()
    assert tls.version() == "TLSv1.3"
    connection.request("GET", "/")
    connection.getresponse().read()
    assert tls.session is None or not tls.session.has_ticket


def test_older_tls_is_refused(server: tuple[Server, int]) -> None:
    context = client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", server[1])) as raw:
        context.wrap_socket(raw)


def test_a_drain_finishes_the_request_in_flight_and_closes_idle_connections(
    server: tuple[Server, int], gate: Gate
) -> None:
    release.clear()
    idle, busy = connect(server[1]), connect(server[1])
    idle.request("GET", "/")
    idle.getresponse().read()
    busy.request("GET", "/slow")
    while gate.inside == 0:
        time.sleep(0.005)
    server[0].drain()
    assert isinstance(idle.sock, ssl.SSLSocket)
    assert idle.sock.recv(1) == b""
    release.set()
    response = busy.getresponse()
    assert (response.status, response.headers["Connection"]) == (200, "close")


def test_a_locked_server_answers_epoch_changed_and_serves_again_after_an_abort(
    server: tuple[Server, int], gate: Gate
) -> None:
    gate.open = False
    server[0].drain()
    connection = connect(server[1])
    connection.request("GET", "/")
    try:
        response = connection.getresponse()
        assert (response.status, response.headers["Reseal-Rule"]) == (503, "EPOCH_CHANGED")
    except http.client.RemoteDisconnected:
        pass  # closed before its first byte: the client connects again
    gate.open = True
    server[0].resume()
    again = connect(server[1])
    again.request("GET", "/")
    assert again.getresponse().status == 200


def test_an_answer_is_kept_under_its_idempotency_key_and_given_again_without_running_twice(
    server: tuple[Server, int],
) -> None:
    calls.clear()
    answers = []
    for _ in range(2):
        connection = connect(server[1])
        connection.request("POST", "/pay", b"5", {"Idempotency-Key": "k1"})
        answers.append(connection.getresponse().read())
    assert answers == [b"got 5", b"got 5"]
    assert calls == ["/pay"]


def test_an_update_whose_acknowledgement_is_unknown_is_answered_as_retryable(
    server: tuple[Server, int], gate: Gate
) -> None:
    gate.unknown = True
    connection = connect(server[1])
    connection.request("PUT", "/x", b"1")
    response = connection.getresponse()
    assert (response.status, response.headers["Reseal-Rule"]) == (503, "UNKNOWN")


@pytest.mark.parametrize("path", ["/boom", "/exit", "/euro", "/break", "/text", "/status"])
def test_what_a_handler_cannot_answer_is_a_500_and_its_text_never_leaves_the_instance(
    server: tuple[Server, int], capfd: pytest.CaptureFixture[str], path: str
) -> None:
    connection = connect(server[1])
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read().decode()
    captured = capfd.readouterr()
    assert response.status == 500
    assert "0000" not in body + captured.out + captured.err


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", b"400"),
        (b"GET /\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", b"431"),
        (b"POST /.well-known/reseal/v1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyz", b"400"),
        (b"POST /.well-known/reseal/v1 HTTP/1.1\r\nContent-Length: 1025\r\n\r\n" + b"h" * 1025, b"413"),
        (b"GET /.well-known/reseal/v1 HTTP/1.1\r\n\r\n", b"405"),
    ],
)
def test_a_malformed_request_is_refused_politely(
    server: tuple[Server, int], request_bytes: bytes, status: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server[1]), timeout=5) as raw:
        with client_context().wrap_socket(raw) as tls:
            tls.sendall(request_bytes)
            assert tls.recv(100).split(b" ")[1] == status


def test_the_channel_exchange_comes_before_any_request(server: tuple[Server, int]) -> None:
    connection = connect(server[1])
    connection.request("POST", "/.well-known/reseal/v1", b"hello")
    assert connection.getresponse().read() == b"answer"
