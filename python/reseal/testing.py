"""A lineage in one process, for the tests of an application: real formats and keys, no enclave.

``Lineage(make_app, wsgi)`` runs what ``make_app`` returns as an instance of a small authority,
supervisor and platform that live in memory. ``reseal()``, ``take_over()`` and ``rekey()`` do to it
what the real ones do, so a test can show that the application's state, hooks and keys live through
it. It proves nothing about attestation: quotes are not quotes here.
"""

from __future__ import annotations

import hmac
import os
import threading
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from reseal import cbor, cose, hpke, messages, rsc1, slots
from reseal.errors import Refused, ResealError
from reseal.fields import blob, fixed, map_of, number
from reseal.hashes import body_id, labelled, raw_public, same, sha256, slot_digest, u64
from reseal.instance import Trust
from reseal.messages import ZERO16, ZERO32, Head

if TYPE_CHECKING:
    from reseal.app import App
    from reseal.runtime import Runtime

__all__ = ["Authority", "Lineage", "Platform", "Supervisor"]

WAIT_S = 10.0


class Platform:
    """Keys that depend on the request and on a secret of this object."""

    cpu_svn = bytes(16)
    isv_svn = 1

    def __init__(self) -> None:
        self._secret = os.urandom(32)

    def egetkey(self, request: bytes) -> bytes:
        return hmac.digest(self._secret, request, "sha256")[:16]

    def quote(self, report_data: bytes) -> bytes:
        return b"no quote: reseal.testing" + report_data


class Active(NamedTuple):
    id: bytes
    key: cose.VerifyKey
    kem: bytes
    tls_digest: bytes


class Authority:
    """The register of one lineage (protocol 7), without evidence checks, policy changes or storage."""

    def __init__(self, *, rpo_updates: int | None = None, life_ms: int = 120_000, recovery: int = 1) -> None:
        self.key = cose.SigningKey.generate()
        self.lineage = os.urandom(16)
        self.policy = messages.Policy(
            self.lineage, 2, messages.BINDING_SIGNER, recovery, rpo_updates, 1 << 31, ("records",), b"\3" + bytes(15), 0
        )
        self.life_ms = life_ms
        self.state = "EMPTY"
        self.epoch = self.fence = self.gen = self.next_gen = 0
        self.op_id = ZERO16
        self.active: Active | None = None
        self.candidate: Active | None = None
        self.body: rsc1.Body | None = None
        self.seq = 0
        self.retired_to = 0
        self._fence_of_active = 0
        self._generations: dict[int, dict[str, bytes]] = {}
        self._wraps: dict[bytes, X25519PrivateKey] = {}
        self._next_wrap = b""
        self._wrap = b""
        self._ticket = b""
        self._nonce = b""
        self._z: bytes | None = None
        self._log = 0

    def purposes(self, names: Iterable[str]) -> None:
        """The keys that every generation holds; before the first activation only."""
        self.policy = self.policy._replace(purposes=tuple(names) or ("records",))
        self._generations.clear()
        self._generation(self.next_gen)

    def _head(self) -> Head:
        return Head(self.lineage, self.op_id, self.fence, self.epoch)

    def sign(self, message: Any) -> bytes:
        return messages.sign(message, self.key)

    def log_head(self) -> bytes:
        self._log += 1
        return self.sign(messages.LogHead(Head(ZERO16, ZERO16, 0, 0), self._log, sha256(u64(self._log))))

    def _generation(self, gen: int) -> None:
        self._generations.setdefault(gen, {name: os.urandom(32) for name in self.policy.purposes})

    def _begin(self, new_generation: bool) -> None:
        self.op_id, self.fence = os.urandom(16), self.fence + 1
        secret = X25519PrivateKey.generate()
        self._next_wrap = raw_public(secret)
        self._wraps[sha256(self._next_wrap)] = secret
        self.next_gen = self.gen + 1 if new_generation else self.gen
        self._generation(self.next_gen)
        self._z = None

    def begin(self) -> None:
        """Genesis, or takeover from the head: SEALED."""
        self._begin(new_generation=self.state == "EMPTY")
        self.state = "SEALED"

    def prepare(self, new_generation: bool) -> bytes:
        """The ticket of a re-seal."""
        if self.active is None or self.state != "ACTIVE":
            raise Refused("WRONG_STATE", f"the lineage is {self.state}")
        self._begin(new_generation)
        self.state = "PREPARED"
        target = [bytes(32), 0, 0, 2, None]
        self._ticket = self.sign(messages.Ticket(self._head(), self.active.id, 2, 1, (target,), None, 1 << 42, ZERO32))
        return self._ticket

    def abort(self) -> bytes:
        if self.active is None or self.state not in ("PREPARED", "SEALED"):
            raise Refused("WRONG_STATE", f"the lineage is {self.state}")
        self.state = "ACTIVE"
        return self.sign(messages.Abort(self._head(), self.active.id))

    def challenge(self) -> bytes:
        self._nonce = os.urandom(32)
        return self.sign(messages.Challenge(self._head(), self._nonce, self.log_head()))

    def grant(self, message: bytes) -> bytes:
        """For whoever signs claims over our nonce."""
        payload = cose.parse(message, 128 * 1024).payload
        request = messages.decode(messages.GrantRequest, payload)
        claims = map_of(request.claims, "claims", _CLAIMS)
        key = cose.VerifyKey(claims[5])
        messages.verify(messages.GrantRequest, message, [key])
        if claims[4] != self._nonce or not request.evidence.endswith(messages.evidence_report_data(request.claims)):
            raise Refused("BINDING_MISMATCH", "claims or evidence are not for this challenge")
        identity = labelled("reseal/v1/instance", cbor.encode([claims[5], claims[6], claims[7]]))
        self.candidate = Active(identity, key, claims[6], sha256(claims[7]))
        head = self._head()
        if self.body is None:
            info = hpke.info("grant", head.lineage, head.op_id, head.fence, identity, ZERO32, ZERO32)
            enc, ct = hpke.seal_box(claims[6], info, cbor.encode([]))
            core_digest, body, registered, opening = ZERO32, None, b"", None
        else:
            core = rsc1.Core.decode(self.body.core)
            core_digest, body, registered = sha256(self.body.core), self.body.body_id, self.body.slots
            info = hpke.info(
                "grant", head.lineage, head.op_id, head.fence, identity, core_digest, slot_digest(registered)
            )
            enc, ct = hpke.seal_box(claims[6], info, cbor.encode(self._shares(registered, core_digest)))
            self._z = os.urandom(32)
            info = hpke.info("open", head.lineage, head.op_id, head.fence, core.pk_open, core_digest, identity)
            opening = b"".join(hpke.seal_box(core.pk_open, info, self._z))
        return self.sign(
            messages.Grant(
                head,
                identity,
                False,
                core_digest,
                body,
                registered,
                enc,
                ct,
                self._next_wrap,
                self.epoch + 1,
                self.log_head(),
                opening,
                self.policy.encode(),
            )
        )

    def _shares(self, registered: bytes, core_digest: bytes) -> list[bytes]:
        halves = []
        for slot in slots.decode(registered):
            secret = self._wraps.get(slot.wrap_id)
            if secret is None:
                raise Refused("POLICY_REFUSED", "a slot for a key that is not current")
            info = hpke.info(
                "share", self.lineage, slot.op_id, slot.fence, slot.wrap_id, core_digest, sha256(slot.header)
            )
            halves.append(hpke.open_box(secret, info, slot.enc, slot.share))
        return halves

    def activate(self, message: bytes) -> bytes:
        """The commit."""
        if self.candidate is None or self.state != "SEALED":
            raise Refused("WRONG_STATE", f"the lineage is {self.state}")
        ready = messages.verify(messages.Ready, message, [self.candidate.key])
        if ready.head != self._head() or ready.instance_id != self.candidate.id:
            raise Refused("FENCED", "ready of another operation or instance")
        if self.body is None:
            if ready.genesis is None:
                raise Refused("BINDING_MISMATCH", "genesis without its container")
            core, footer = ready.genesis
        else:
            core, footer = self.body.core, self.body.footer
            proof = labelled(
                "reseal/v1/opened",
                self._z or b"",
                self.op_id,
                u64(self.fence),
                self.candidate.id,
                slot_digest(ready.slots),
            )
            if ready.opening_proof is None or not same(proof, ready.opening_proof):
                raise Refused("BINDING_MISMATCH", "the opening proof is wrong")
        if body_id(core, footer) != ready.body_id or sha256(core) != ready.core_digest:
            raise Refused("STALE_SEALED_STATE", "ready for another body")
        self._shares(ready.slots, sha256(core))
        self.body = rsc1.Body(core, ready.slots, footer)
        self.epoch, self.gen, self.active = self.epoch + 1, self.next_gen, self.candidate
        self.seq = rsc1.Footer.decode(footer).seq if self.epoch == 1 else 0
        self._wrap, self._fence_of_active, self.state = self._next_wrap, self.fence, "ACTIVE"
        head = self._head()
        active = self.active
        info = hpke.info("keyset", head.lineage, head.op_id, head.fence, active.id, u64(self.epoch), u64(self.gen))
        enc, ct = hpke.seal_box(active.kem, info, self._keyset())
        return self.sign(
            messages.Activation(
                head,
                active.id,
                self.epoch,
                self.gen,
                enc,
                ct,
                self.body.head,
                self.passport(),
                self.log_head(),
                self.policy.encode(),
            )
        )

    def _keyset(self) -> bytes:
        floor = 1 if self.body is None else rsc1.Footer.decode(self.body.footer).gen_floor
        rows = [
            [gen, 2 if gen == self.gen else 3, [[name, keys[name]] for name in sorted(keys)]]
            for gen, keys in sorted(self._generations.items())
            if floor <= gen <= self.gen and gen > self.retired_to
        ]
        return cbor.encode(rows)

    def passport(self) -> bytes:
        if self.active is None or self.body is None:
            raise Refused("WRONG_STATE", "nobody is active")
        now = time.time_ns() // 1_000_000
        return self.sign(
            messages.Passport(
                self._head(),
                self.active.id,
                self.active.key.spki,
                self.active.tls_digest,
                self.gen,
                self.body.head,
                bytes(32),
                2,
                now,
                now + self.life_ms,
                messages.FLAG_DEMO_POLICY,
                self.log_head(),
                None,
            )
        )

    def renew(self, message: bytes) -> bytes:
        if self.active is None:
            raise Refused("WRONG_STATE", "nobody is active")
        messages.verify(messages.Renew, message, [self.active.key])
        return self.passport()

    def checkpoint(self, message: bytes) -> bytes:
        if self.active is None:
            raise Refused("WRONG_STATE", "nobody is active")
        found = messages.verify(messages.Checkpoint, message, [self.active.key])
        body = rsc1.Body(found.core, found.slots, found.footer)
        self._seal_ok(body, ZERO16, self._fence_of_active)
        self.body = body
        return self.sign(messages.CheckpointAck(self._head(), body.body_id, found.nonce, self.log_head()))

    def register(self, message: bytes) -> None:
        """A seal-receipt: PREPARED becomes SEALED."""
        if self.active is None or self.state != "PREPARED":
            raise Refused("WRONG_STATE", f"the lineage is {self.state}")
        found = messages.verify(messages.SealReceipt, message, [self.active.key])
        if found.ticket_digest != sha256(self._ticket) or found.head != self._head():
            raise Refused("BINDING_MISMATCH", "a receipt for another ticket")
        body = rsc1.Body(found.core, found.slots, found.footer)
        self._seal_ok(body, self.op_id, self.fence)
        self.body, self.state = body, "SEALED"

    def _seal_ok(self, body: rsc1.Body, op_id: bytes, fence: int) -> None:
        core, footer = rsc1.Core.decode(body.core), rsc1.Footer.decode(body.footer)
        if (core.lineage, core.epoch, core.op_id, core.fence) != (self.lineage, self.epoch, op_id, fence):
            raise Refused("STALE_SEALED_STATE", "a container of another operation")
        if self.active is None or core.instance_id != self.active.id or footer.seq <= self.seq:
            raise Refused("STALE_SEALED_STATE", "a container of another instance, or an older one")
        if not footer.gen_floor <= footer.gen <= self.gen:
            raise Refused("POLICY_REFUSED", "floor or generation out of order")
        if any(slot.wrap_id != sha256(self._wrap) for slot in slots.decode(body.slots)):
            raise Refused("POLICY_REFUSED", "a slot for another wrap key")
        self._shares(body.slots, sha256(body.core))
        self.seq = footer.seq

    def rekey(self) -> bytes:
        if self.active is None or self.state != "ACTIVE":
            raise Refused("WRONG_STATE", f"the lineage is {self.state}")
        self.op_id, self.fence, self.gen = os.urandom(16), self.fence + 1, self.gen + 1
        self._generation(self.gen)
        head, active = self._head(), self.active
        info = hpke.info("rekey", head.lineage, head.op_id, head.fence, active.id, u64(self.epoch), u64(self.gen))
        enc, ct = hpke.seal_box(active.kem, info, self._keyset())
        return self.sign(messages.RekeyGrant(head, active.id, self.gen, enc, ct))

    def retire(self) -> bytes:
        """Destroys every generation below the registered floor."""
        floor = 1 if self.body is None else rsc1.Footer.decode(self.body.footer).gen_floor
        gone = tuple(gen for gen in sorted(self._generations) if gen < floor)
        for gen in gone:
            del self._generations[gen]
        self.retired_to = max([self.retired_to, *gone])
        return self.sign(messages.Retired(self._head(), (), gone, self.log_head(), 0))


_CLAIMS = (
    (1, "label", lambda item, where: item),
    (2, "lineage", fixed(16)),
    (3, "op_id", fixed(16)),
    (4, "fence", number()),
    (5, "nonce", fixed(32)),
    (6, "pk_sig", blob(128)),
    (7, "pk_kem", fixed(32)),
    (8, "pk_tls", blob(128)),
)


class Supervisor:
    """T4 over real HTTP for one handle: stores containers, carries messages, queues advice."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.events: list[tuple[str, Any]] = []
        self.containers: dict[bytes, bytes] = {}
        self.port = 0
        self.state = ""
        self._advice: list[list[Any]] = []
        self._pending = b""
        self._changed = threading.Condition()
        self._over = False
        self._server = self._listen(0)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/i/test"

    @property
    def over(self) -> bool:
        return self._over

    def _listen(self, port: int) -> ThreadingHTTPServer:
        outer = self

        class Handler(_Calls):
            supervisor = outer

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def close(self) -> None:
        """Gone, as far as an instance can see."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def reopen(self) -> None:
        """Back at the same address, with the advice of before."""
        self._over = False
        self._server = self._listen(self._server.server_address[1])

    def advise(self, verb: str, payload: bytes = b"") -> None:
        with self._changed:
            self._advice.append([len(self._advice) + 1, verb, payload])
            self._changed.notify_all()

    def wait(self, what: Callable[[], bool], said: str) -> None:
        """Until it is so; ``AssertionError`` with what was seen if it does not become so."""
        deadline = time.monotonic() + WAIT_S
        with self._changed:
            while not what():
                if not self._changed.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    raise AssertionError(f"not {said} within {WAIT_S} s; events: {self.events}")

    def until(self, state: str) -> None:
        self.wait(lambda: self.state == state, state)

    def advice_after(self, after: int) -> list[list[Any]]:
        with self._changed:
            self._changed.wait_for(lambda: self._over or len(self._advice) > after, 5.0)
            return self._advice[after:]

    def event(self, name: str, fields: Any) -> None:
        with self._changed:
            self.events.append((name, fields))
            if name == "state":
                self.state = fields[1]
            elif name == "serving":
                self.port = fields[1]
            self._changed.notify_all()

    def store(self, content: bytes) -> None:
        self._pending = content

    def message(self, name: str, message: bytes) -> bytes | None:
        """The authority's answer, or None if it goes out as advice."""
        try:
            if name == "grant-request":
                self.advise("grant", self.authority.grant(message))
                return None
            if name == "ready":
                self._keep(messages.Ready, message)
                self.advise("activation", self.authority.activate(message))
                return None
            if name == "seal-receipt":
                self._keep(messages.SealReceipt, message)
                self.authority.register(message)
                self.event("registered", {})
                return None
            if name == "checkpoint":
                self._keep(messages.Checkpoint, message)
                answer = self.authority.checkpoint(message)
                self.event("checkpointed", {})
                return answer
            return self.authority.renew(message)
        except Refused as refused:
            self.event("authority-refused", {1: name, 2: refused.rule, 3: refused.detail})
            raise

    def _keep(self, kind: type[Any], message: bytes) -> None:
        found = messages.decode(kind, cose.parse(message, 128 * 1024).payload)
        body = found.body_id if isinstance(found, messages.Ready) else body_id(found.core, found.footer)
        if self._pending:
            self.containers[body], self._pending = self._pending, b""


class _Calls(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    supervisor: Supervisor
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the instance is gone; there is nobody to tell

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.endswith("/advice"):
            items = self.supervisor.advice_after(int(parse_qs(url.query)["after"][0]))
            self.close_connection = self.supervisor.over
            self._answer(200, cbor.encode(items)) if items else self._answer(204)
            return
        content = self.supervisor.containers.get(bytes.fromhex(url.path.rpartition("/")[2]))
        if content is None:
            self._answer(404)
        elif wanted := self.headers.get("Range"):
            last = content[-int(wanted.removeprefix("bytes=-")) :]
            span = f"bytes {len(content) - len(last)}-{len(content) - 1}/{len(content)}"
            self._answer(206, last, Content_Range=span)
        else:
            self._answer(200, content)

    def do_PUT(self) -> None:
        self.supervisor.store(self._body())
        self._answer(201)

    def do_POST(self) -> None:
        body = self._body()
        kind, name = self.path.split("/")[-2:]
        if kind == "event":
            self.supervisor.event(name, cbor.decode(body))
            self._answer(204)
        elif kind == "message":
            try:
                answer = self.supervisor.message(name, body)
            except Refused as refused:
                error = {1: refused.code, 2: refused.rule, 3: refused.detail, 4: None, 5: None}
                self._answer(409, cbor.encode(error))
                return
            self._answer(202) if answer is None else self._answer(200, answer)
        else:
            self.supervisor.event("born", {})
            self._answer(204)


class Instance:
    """A running application and the supervisor that it talks to."""

    def __init__(self, app: App, runtime: Runtime, supervisor: Supervisor) -> None:
        self.app = app
        self.runtime = runtime
        self.supervisor = supervisor

    @property
    def port(self) -> int:
        """Where it serves TLS on 127.0.0.1."""
        return self.supervisor.port

    def kill(self) -> None:
        """As a SIGKILL: nothing is sealed, nobody is told."""
        self.runtime.dead("exit")
        self.supervisor.close()


class Lineage:
    """A service that lives through re-seals in this process; use it as a context manager."""

    def __init__(
        self,
        make_app: Callable[[], App],
        wsgi_app: Callable[[App], Callable[..., Iterable[bytes]]] | None = None,
        authority: Authority | None = None,
    ) -> None:
        self.authority = authority or Authority()
        self.platform = Platform()
        self._make = make_app
        self._wsgi = wsgi_app
        self._containers: dict[bytes, bytes] = {}
        self.instance = self._born()

    def __enter__(self) -> Lineage:
        return self

    def __exit__(self, *_: object) -> None:
        self.instance.kill()

    @property
    def app(self) -> App:
        """The application of the instance that is current now."""
        return self.instance.app

    def _born(self) -> Instance:
        """Creates, attests and activates an instance for the operation that is SEALED."""
        if self.authority.state == "EMPTY":
            self.authority.begin()
        instance = self.candidate()
        instance.supervisor.until("SERVING")
        instance.supervisor.wait(lambda: instance.port > 0, "serving")
        return instance

    def candidate(self) -> Instance:
        """An instance that was challenged; it goes as far as the authority lets it."""
        from reseal.runtime import Runtime

        app = self._make()
        if self.authority.epoch == 0:
            self.authority.purposes(app.declared_keys)
        supervisor = Supervisor(self.authority)
        supervisor.containers = self._containers
        trust = Trust((self.authority.key.public,), None, self.authority.lineage)
        wsgi = self._wsgi(app) if self._wsgi else _not_found
        runtime = Runtime(app, wsgi, self.platform, trust, supervisor.endpoint)
        app.start_in(runtime)
        supervisor.advise("challenge", self.authority.challenge())
        return Instance(app, runtime, supervisor)

    def seal(self, new_generation: bool = True) -> None:
        """Locks the current instance and registers its container."""
        supervisor = self.instance.supervisor
        supervisor.advise("finish", self.authority.prepare(new_generation))
        supervisor.wait(lambda: self.authority.state == "SEALED", "sealed")

    def reseal(self, new_generation: bool = True) -> App:
        """The next instance, with the state of this one; its application."""
        self.seal(new_generation)
        self.instance.kill()
        self.instance = self._born()
        return self.app

    def checkpoint(self) -> None:
        """Makes what is in the state now the registered head."""
        supervisor = self.instance.supervisor
        before = sum(name == "checkpointed" for name, _ in supervisor.events)
        supervisor.advise("checkpoint")
        supervisor.wait(lambda: sum(name == "checkpointed" for name, _ in supervisor.events) > before, "checkpointed")

    def take_over(self) -> App:
        """Kills the instance and goes on from the head: what is newer is lost."""
        self.instance.kill()
        self.authority.begin()
        self.instance = self._born()
        return self.app

    def rekey(self) -> None:
        """A new generation into the same instance."""
        gen = self.authority.gen
        self.instance.supervisor.advise("rekey-grant", self.authority.rekey())
        deadline = time.monotonic() + WAIT_S
        while self.app.ring.active <= gen:
            if time.monotonic() > deadline:
                raise ResealError(f"generation {gen + 1} was not installed: {self.instance.supervisor.events}")
            time.sleep(0.01)


def _not_found(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return []
