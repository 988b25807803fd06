"""Attacks on an instance and its relying party: real SDK, real TLS, real client; authority and supervisor in memory."""

from __future__ import annotations

import contextlib
import os
import pickle
import ssl
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import naive
from ending import Ending, harmless, refused, together, won
from lineage import BALANCE, answer, asked, born, client

import reseal
from reseal import cbor, messages
from reseal.client_checks import hello
from reseal.cose import SigningKey
from reseal.errors import Refused
from reseal.hashes import sha256
from reseal.messages import Head, LogHead
from reseal.server import Server
from reseal.testing import Instance
from reseal.tls import TlsIdentity

CHANNEL = "/.well-known/reseal/v1"


class _Relay:
    """The hooks of a server in the middle: every challenge is answered by the genuine instance."""

    def __init__(self, genuine: Instance) -> None:
        self._port = genuine.port

    def channel(self, asked: bytes) -> bytes:
        with naive.connect(self._port, None, naive.client_context()) as tls:
            head = f"POST {CHANNEL} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(asked)}\r\nConnection: close\r\n\r\n"
            tls.sendall(head.encode() + asked)
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

    def keep(self, key: str, fingerprint: bytes, answer: Any) -> None: ...


@contextlib.contextmanager
def _relaying(genuine: Instance) -> Iterator[int]:
    server = Server(answer(genuine.app), TlsIdentity.generate(), _Relay(genuine))
    try:
        yield server.start()
    finally:
        server.close()


def relayed() -> Ending:
    """A10: somebody in between, and a genuine instance of another lineage at the victim's address."""
    with born() as victim, born() as attackers:
        with _relaying(victim.instance) as port:
            between = asked(client(victim, port), "the relay reads every request")
        other = asked(client(victim, attackers.instance.port), "requests go to the attacker's own instance")
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
    with born() as lineage:
        sessions: list[ssl.SSLSession | None] = []
        context = naive.client_context()
        for _ in range(2):
            with naive.connect(lineage.instance.port, sessions[-1] if sessions else None, context) as tls:
                tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                tls.recv(1000)
                sessions.append(tls.session)
                if tls.session_reused or (tls.session and tls.session.has_ticket):
                    return won("a session is resumed without the exchange")
            lineage.reseal()
        with client(lineage, lineage.instance.port) as customer:
            customer.get("/")
    return harmless("no ticket is given and none is taken: a full handshake and the exchange, each time")


def forked_naive() -> Ending:
    """A36: the child has what the parent has."""
    enclave = naive.Enclave(os.urandom(32))
    answer = _in_child(lambda: enclave.key)
    return won("the forked child holds the key too") if answer == enclave.key else harmless("it has nothing")


def forked() -> Ending:
    """A36: fork() in an instance; the child asks for the state and for the key."""
    with born() as lineage:
        app = lineage.app

        def child() -> bytes:
            tries: list[Callable[[], object]] = [
                lambda: app.states["ledger"].get("a"),
                lambda: app.states["ledger"].__setitem__("a", {}),
                lambda: app.keys["records"].current(),
            ]
            rules = []
            for each in tries:
                try:
                    each()
                    rules.append("GIVEN")
                except Refused as refusal:
                    rules.append(refusal.rule)
            return " ".join(rules).encode()

        rules = _in_child(child).decode().split()
        with client(lineage, lineage.instance.port) as customer:
            if customer.get("/").body != BALANCE:
                return won("the parent does not serve any more")
    if rules == ["WRONG_STATE"] * 3:
        return Ending(
            "refused", "WRONG_STATE", "the child reads no state, writes none and has no key; the parent goes on"
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
    newest = 0
    for said in (5, 1 << 60, 6):
        if said < newest:
            return won("after one invented number every genuine one looks like a rollback")
        newest = max(newest, said)
    return harmless("nothing is remembered")


def invented_head() -> Ending:
    """A51: a hello with a log head that ``K_A`` did not sign; and the real ones after it."""
    with born() as lineage:
        forged = messages.sign(
            LogHead(Head(bytes(16), bytes(16), 0, 0), 1 << 60, os.urandom(32)), SigningKey.generate()
        )
        asked = hello(os.urandom(32), lineage.authority.lineage, forged)
        with naive.connect(lineage.instance.port, None, naive.client_context()) as tls:
            head = f"POST {CHANNEL} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(asked)}\r\n\r\n"
            tls.sendall(head.encode() + asked)
            tls.settimeout(5)
            status = tls.recv(100).split(b" ")[1]
        with client(lineage, lineage.instance.port) as customer:
            customer.get("/")
        known = lineage.instance.runtime._instance.log_head
        if known is not None and sha256(known) == sha256(forged):
            return won("the invented head is remembered")
        lineage.reseal()
        with client(lineage, lineage.instance.port) as customer:
            customer.get("/")
    return harmless(f"ignored (the hello is answered {status.decode()}); service and re-seal go on")


ATTACKS: dict[str, dict[str, Callable[[], Ending]]] = {
    "A10": {"reseal": relayed},
    "A12": {"naive": ticket_naive, "reseal": ticket},
    "A36": {"naive": forked_naive, "reseal": forked},
    "A42": {"naive": gadget_naive, "reseal": gadget},
    "A51": {"naive": invented_head_naive, "reseal": invented_head},
}
