"""Attacks between an instance and its relying party, on the site; and on what a state may hold."""

from __future__ import annotations

import contextlib
import os
import pathlib
import pickle
import ssl
import struct
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import naive
import processes
from ending import Ending, harmless, refused, together, won
from lineage import asked, second

import reseal
from reseal import cbor, messages
from reseal.client_checks import hello
from reseal.cose import SigningKey
from reseal.errors import Refused
from reseal.messages import Head, LogHead
from reseal.server import Answer, Server
from reseal.tls import TlsIdentity

CHANNEL = "/.well-known/reseal/v1"


class _Relay:
    """The hooks of a server in the middle: every challenge is answered by the genuine instance."""

    def __init__(self, port: int) -> None:
        self._port = port

    def channel(self, asked: bytes) -> bytes:
        with naive.connect(self._port, None, naive.client_context()) as tls:
            tls.sendall(_exchange(asked))
            with tls.makefile("rb") as answer:
                size = 0
                while (line := answer.readline().strip()) and line:
                    name, _, value = line.lower().partition(b":")
                    size = int(value) if name == b"content-length" else size
                return answer.read(size)

    def enter(self) -> bool:
        return True

    def leave(self) -> None: ...

    def hold(self) -> None: ...

    def answer(self, key: str, fingerprint: bytes) -> None: ...

    def keep(self, key: str, fingerprint: bytes, answer: Answer) -> Answer:
        return answer


def _exchange(asked: bytes) -> bytes:
    head = f"POST {CHANNEL} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(asked)}\r\nConnection: close\r\n\r\n"
    return head.encode() + asked


def _read(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"read on the way"]


@contextlib.contextmanager
def _relaying(port: int) -> Iterator[int]:
    relay = _Relay(port)
    server = Server(_read, TlsIdentity.generate(), relay, relay.channel)
    try:
        yield server.start()
    finally:
        server.close()


def relayed() -> Ending:
    """A10: somebody in between, and a genuine instance of another lineage at the victim's address."""
    victim = second()
    victim.get("/a")
    with _relaying(victim.port) as port:
        between = asked(victim.client(port), "the relay reads every request")
    attackers = int(victim.site.status(processes.NAME)["supervisor"]["public_port"])
    other = asked(victim.client(attackers), "requests go to the attacker's own instance")
    return together([between, other])


def ticket_naive() -> Ending:
    """A12: the enclave is re-created, the session that was made with the old one goes on."""
    key = os.urandom(32)
    server = naive.Server(naive.Enclave(key))
    context = naive.client_context()
    try:
        with naive.connect(server.port, None, context) as first:
            first.sendall(b"?")
            first.recv(1000)
            session = first.session
        server.enclave = naive.Enclave(key, server.enclave.seal())
        with naive.connect(server.port, session, context) as second:
            second.sendall(b"?")
            second.recv(1000)
            resumed = second.session_reused
    finally:
        server.close()
    return won("the next enclave is talked to under the old quote") if resumed else harmless("a full handshake")


def ticket() -> Ending:
    """A12: a client that offers its session again after the re-seal."""
    lineage = second()
    sessions: list[ssl.SSLSession | None] = []
    context = naive.client_context()
    for _ in range(2):
        with naive.connect(lineage.port, sessions[-1] if sessions else None, context) as tls:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            tls.recv(1000)
            sessions.append(tls.session)
            if tls.session_reused or (tls.session and tls.session.has_ticket):
                return won("a session is resumed without the exchange")
        lineage.reseal()
    lineage.get("/a")
    return harmless("no ticket is given and none is taken: a full handshake and the exchange, each time")


def forked_naive() -> Ending:
    """A36: the child has what the parent has."""
    enclave = naive.Enclave(os.urandom(32))
    answer = _in_child(lambda: enclave.key)
    return won("the forked child holds the key too") if answer == enclave.key else harmless("it has nothing")


def forked() -> Ending:
    """A36: fork() in an instance; the child asks for the state, for the key and for a quote."""
    lineage = second()
    rules = lineage.get("/fork").decode().split()
    lineage.get("/a")
    if rules == ["WRONG_STATE"] * 4:
        return Ending(
            "refused",
            "WRONG_STATE",
            "the child reads no state, writes none, has no key, no quote; the parent goes on",
        )
    return won(f"in the child: {rules}")


def _in_child(work: Callable[[], bytes]) -> bytes:
    here, there = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is what the attack is
        pid = os.fork()
    if pid == 0:
        try:
            os.write(there, work())
        finally:
            os._exit(0)
    os.close(there)
    os.waitpid(pid, 0)
    with os.fdopen(here, "rb") as answer:
        return answer.read()


class _Gadget:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _run, ("code of the attacker",)


_ran: list[str] = []


def _run(what: str) -> None:
    _ran.append(what)


def gadget_naive() -> Ending:
    """A42: another image of the same signer seals a gadget, the service starts from it."""
    signers_key = os.urandom(32)
    other = naive.Enclave(signers_key)
    other.state = {"customers": _Gadget()}
    naive.Enclave(signers_key, other.seal())
    return won("decoding the state ran " + _ran[0]) if _ran else harmless("nothing ran")


def gadget() -> Ending:
    """A42: the same as a declared type, as a value, and as the bytes of a record."""
    _ran.clear()
    endings = []
    try:
        reseal.App().state("gadgets", of=_Gadget)
        endings.append(won("a type that runs code can be declared"))
    except TypeError as fault:
        endings.append(Ending("refused", "TypeError", str(fault)))
    try:
        cbor.decode_value(pickle.dumps(_Gadget()))
        endings.append(won("the bytes of a pickle are decoded"))
    except Refused as refusal:
        endings.append(refused(refusal))
    return won("code ran") if _ran else together(endings)


def invented_head_naive() -> Ending:
    """A51: who remembers the newest number that anybody said refuses the truth afterwards."""
    newest = naive.Newest()
    newest.accepts(5)
    newest.accepts(1 << 60)
    return (
        harmless("the genuine number is accepted")
        if newest.accepts(6)
        else won("after one invented number every genuine one looks like a rollback")
    )


def invented_head() -> Ending:
    """A51: a hello with a log head that ``K_A`` did not sign; and the real ones after it."""
    lineage = second()
    invented = LogHead(Head(bytes(16), bytes(16), 0, 0), 1 << 60, os.urandom(32))
    forged = messages.sign(invented, SigningKey.generate())
    asked = hello(os.urandom(32), bytes.fromhex(lineage.status["lineage_id"]), forged)
    with naive.connect(lineage.port, None, naive.client_context()) as tls:
        tls.sendall(_exchange(asked))
        tls.settimeout(5)
        status = tls.recv(100).split(b" ")[1]
    lineage.get("/a")
    lineage.reseal()
    lineage.get("/a")
    known = [_log_head(each) for each in (lineage.directory / "containers").iterdir()]
    if forged in known or not any(known):
        return won(f"the invented head is remembered, or nothing is: {known}")
    return harmless(f"ignored (the hello is answered {status.decode()}); service and re-seal go on")


def _log_head(container: pathlib.Path) -> bytes | None:
    """What the core says, in the open, that its sealer knew of the authority's log (protocol 5.2)."""
    content = container.read_bytes()
    (size,) = struct.unpack_from(">I", content, 8)
    known: bytes | None = cbor.decode(content[12 : 12 + size])[8]
    return known


ATTACKS: dict[str, dict[str, Callable[[], Ending]]] = {
    "A10": {"reseal": relayed},
    "A12": {"naive": ticket_naive, "reseal": ticket},
    "A36": {"naive": forked_naive, "reseal": forked},
    "A42": {"naive": gadget_naive, "reseal": gadget},
    "A51": {"naive": invented_head_naive, "reseal": invented_head},
}
