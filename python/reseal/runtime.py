"""An application inside an instance: device, link, engine and server around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from reseal import _launch, cbor, cose
from reseal.ahead import Ahead, launched
from reseal.device import Device, Platform
from reseal.engine import Engine
from reseal.errors import Refused, say
from reseal.fields import CORE, Shape, blob, boolean, fixed, map_of, nullable, number
from reseal.gate import Gate
from reseal.hashes import sha256
from reseal.instance import Instance, Trust
from reseal.machine import State
from reseal.messages import Policy
from reseal.records import Key, Staging
from reseal.server import Retryable, Server
from reseal.tls import TlsIdentity

if TYPE_CHECKING:
    from reseal.app import App

__all__ = ["Runtime", "channel_answer"]

SETTLE_S = 2.0

HELLO: Shape = (
    (1, "nonce", fixed(32)),
    (2, "lineage", fixed(16)),
    (3, "kind", number(2, 2)),
    (5, "evidence wanted", boolean),
    (6, "log head", nullable(blob(CORE))),
)


def measured_trust() -> Trust:
    """Whom this image trusts: fixed in its manifest, but for the lineage, which claims and grants bind."""
    spkis = _launch.values.get("RESEAL_AUTHORITY_SPKI", "")
    if not spkis:
        raise Refused("POLICY_REFUSED", "the manifest fixes no RESEAL_AUTHORITY_SPKI: whom should this instance trust?")
    keys = tuple(cose.VerifyKey(bytes.fromhex(each)) for each in spkis.split(","))
    if len(keys) > 2:
        raise Refused("POLICY_REFUSED", f"the manifest names {len(keys)} authority keys, not one or two")
    digest = _launch.values.get("RESEAL_POLICY_SHA256")
    lineage = bytes.fromhex(_launch.advice.get("lineage", ""))
    if len(lineage) != 16:
        raise Refused("LINEAGE_MISMATCH", "the launch advice names no lineage of 16 bytes")
    return Trust(keys, bytes.fromhex(digest) if digest else None, lineage)


def channel_answer(instance: Instance, hello: bytes) -> bytes:
    """The answer to a hello (protocol 16)."""
    nonce, lineage, kind, wanted, log_head = map_of(hello, "hello", HELLO)
    passport = instance.passport
    if passport is None or instance.state not in (State.SERVING, State.QUIESCING):
        raise Retryable("EPOCH_CHANGED")
    if lineage != instance.trust.lineage:
        raise Refused("LINEAGE_MISMATCH", "this instance serves another lineage")
    if log_head is not None:
        instance.witness(log_head)
    signed = ["reseal/v1/channel", nonce, lineage, kind, sha256(instance.pk_tls), sha256(passport)]
    signature = instance.sign_channel(cbor.encode(signed))
    return cbor.encode({1: passport, 2: signature, 3: instance.evidence if wanted else None})


class Runtime:
    """Everything around an instance: the engine moves it (``engine.Host``), the gate asks it for the pace."""

    def __init__(
        self,
        app: App,
        wsgi_app: Callable[..., Iterable[bytes]],
        platform: Platform,
        trust: Trust,
        ahead: Ahead,
    ) -> None:
        self._app = app
        self.platform: Platform | None = platform
        identity = TlsIdentity.generate()
        self._instance = Instance(platform, trust, app.ring, identity.spki, self._moved)
        self._engine = Engine(self._instance, self, ahead)
        self._gate = Gate(app.ledger, self)
        self._server = Server(wsgi_app, identity, self._gate, self._hello)
        self._port = 0
        self._first = True
        self._over = threading.Event()
        self._code = 0

    @classmethod
    def launched(cls, app: App, wsgi_app: Callable[..., Iterable[bytes]]) -> Runtime:
        """As the boot stub left it: the device is open, advice says where the supervisor is."""
        return cls(app, wsgi_app, Device(_launch.device_fd), measured_trust(), launched())

    def start(self) -> None:
        self._port = self._server.start()
        self._engine.start()

    def wait(self) -> int:
        """The exit code, once the instance is over."""
        self._over.wait()
        return self._code

    def forked(self) -> None:
        """In a child: nothing of the instance may be used here."""
        self._instance.forget()
        self._server.forked()

    def floor(self, generation: int) -> None:
        self._instance.gen_floor = max(self._instance.gen_floor, generation)

    def _moved(self, state: State) -> None:
        self._app.moved(state)
        if state is State.SERVING:
            self._gate.park()
        self._engine.moved()

    # -- engine.Host

    def granted(self, policy: Policy) -> None:
        self._app.granted(policy)

    def seal_records(self) -> tuple[int, list[list[bytes]]]:
        if self._instance.state is State.LOCKED:
            return self._app.seal_records()
        with self._gate.between_answers(self._app.drain_timeout):
            return self._app.seal_records()

    def staging(self, most: int) -> Staging:
        return self._app.staging(most)

    def adopt(self, stores: dict[str, dict[Key, bytes]], highest: int) -> None:
        self._app.adopt(stores, highest)

    def install_keys(self, reason: str, generation: int) -> None:
        self._app.install_keys(reason, generation)

    def port(self) -> int:
        return self._port

    def serving(self, resumed: bool) -> None:
        if resumed:
            self._server.resume()
        first, self._first = self._first, False
        self._app.run_resume_hooks(first)
        self._gate.open()

    def holding(self) -> bool:
        return self._gate.holding()

    def drain(self) -> bool:
        deadline = time.monotonic() + self._app.drain_timeout
        self._server.drain()
        if not self._gate.empty(deadline, lambda: self._app.run_quiesce_hooks(deadline)):
            return False
        self._server.settle(SETTLE_S)
        return True

    def acknowledged(self, updates: int) -> None:
        self._gate.acknowledged(updates)

    def dead(self, rule: str) -> None:
        if rule != "exit":
            say(f"this instance is over: {rule}")
        self._code = 0 if rule == "exit" else 1
        self._gate.close()
        self._server.close()
        self._engine.stop()
        self._over.set()

    # -- gate.Pace

    def rpo_updates(self) -> int | None:
        return None if self._instance.policy is None else self._instance.policy.rpo_updates

    def want_checkpoint(self) -> None:
        self._engine.want_checkpoint()

    def _hello(self, hello: bytes) -> bytes:
        try:
            return channel_answer(self._instance, hello)
        except Refused as refused:
            raise ValueError(str(refused)) from None
