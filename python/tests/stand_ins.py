"""An authority and an instance as a relying party meets them; a test may make each of their answers a lie."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from reseal import cbor, client, messages
from reseal.client import AttestedClient, Memory, Policy
from reseal.client_checks import channel_content
from reseal.cose import SigningKey
from reseal.hashes import sha256
from reseal.messages import Head, LogHead, Passport
from reseal.server import Answer, Retryable, Server
from reseal.tls import TlsIdentity

LINEAGE = bytes(range(16))
MRENCLAVE = bytes(32)
OP = bytes(16)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Authority:
    """Signs passports as the real one does; ``seq`` is the newest entry of its log."""

    def __init__(self) -> None:
        self.key = SigningKey.generate()
        self.seq = 5

    def log_head(self, seq: int | None = None, mark: int = 0) -> bytes:
        number = self.seq if seq is None else seq
        return messages.sign(LogHead(Head(bytes(16), OP, 0, 0), number, bytes((mark,)) * 32), self.key)

    def passport(self, instance: Instance, **changes: Any) -> bytes:
        head = Head(changes.pop("lineage", LINEAGE), OP, changes.pop("fence", 3), changes.pop("epoch", 2))
        start = changes.pop("start", now_ms())
        signer = changes.pop("signer", self.key)
        life = changes.pop("life", 60_000)
        passport = Passport(
            head=head,
            instance_id=bytes(32),
            pk_sig=instance.key.public.spki,
            tls_digest=sha256(instance.tls.spki),
            gen=4,
            state_head=bytes(32),
            mrenclave=MRENCLAVE,
            platform_kind=client.EMULATED,
            not_before=start,
            not_after=start + life,
            flags=0,
            log_head=self.log_head(),
            nonce=None,
        )
        return messages.sign(passport._replace(**changes), signer)


class Instance:
    """The hooks of a server: answers challenges with whatever passport it was given."""

    def __init__(self, authority: Authority, **changes: Any) -> None:
        self.key = SigningKey.generate()
        self.tls = TlsIdentity.generate()
        self.give: Callable[[], bytes] = lambda: authority.passport(self, **changes)
        self.hellos: list[dict[int, Any]] = []
        self.calls: list[str] = []
        self.signs = self.key
        self.content: Callable[[dict[int, Any], bytes], bytes] = lambda hello, passport: channel_content(
            hello[1], hello[2], sha256(self.tls.spki), passport
        )
        self.before: Callable[[str], None] = lambda _: None
        self.admits: Callable[[], bool] = lambda: True
        self.refuses: str | None = None
        self.kept: dict[str, Answer] = {}
        self.server = Server(self.application, self.tls, self, lambda hello: self.channel(hello))
        self.port = self.server.start()

    def application(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        call = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        self.calls.append(call)
        self.before(call)
        start_response("200 OK", [])
        return [b"done ", environ["wsgi.input"].read()]

    def channel(self, hello: bytes) -> bytes:
        if self.refuses is not None:
            raise Retryable(self.refuses)
        asked = cbor.decode(hello)
        self.hellos.append(asked)
        passport = self.give()
        return cbor.encode({1: passport, 2: self.signs.sign(self.content(asked, passport)), 3: None})

    def enter(self) -> bool:
        return self.admits()

    def leave(self) -> None: ...

    def hold(self) -> None: ...

    def answer(self, key: str, fingerprint: bytes) -> Answer | None:
        return self.kept.get(key)

    def keep(self, key: str, fingerprint: bytes, answer: Answer) -> Answer:
        self.kept[key] = answer
        return answer


Start = Callable[..., Instance]


def policy_of(anchor: Authority, **changes: Any) -> Policy:
    policy = Policy((anchor.key.public,), LINEAGE, frozenset((MRENCLAVE,)), frozenset((client.EMULATED,)))
    return dataclasses.replace(policy, **changes)


def connect(
    instance: Instance, authority: Authority, memory: Memory | None = None, within_s: float = 20.0, **policy: Any
) -> AttestedClient:
    url = f"https://127.0.0.1:{instance.port}"
    return AttestedClient(url, policy_of(authority, **policy), memory, connect_within_s=within_s)
