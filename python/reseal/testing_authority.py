"""The register of one lineage in memory, for tests (protocol 7)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from reseal import cbor, cose, hpke, messages, rsc1, slots
from reseal.errors import Refused
from reseal.fields import blob, fixed, map_of, number
from reseal.hashes import body_id, labelled, same, sha256, slot_digest, u64
from reseal.messages import ZERO16, ZERO32, Head
from reseal.testing_keys import Keys

__all__ = ["Active", "Authority"]


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
        self._fence_of_active = 0
        self._keys = Keys()
        self._next_wrap = b""
        self._wrap = b""
        self._ticket = b""
        self._nonce = b""
        self._z: bytes | None = None
        self._log = 0

    def purposes(self, names: Iterable[str]) -> None:
        """The keys that every generation holds; before the first activation only."""
        self.policy = self.policy._replace(purposes=tuple(names) or ("records",))
        self._keys.begin(self.next_gen, self.policy.purposes)

    def head(self) -> Head:
        """Of a message that is signed now."""
        return Head(self.lineage, self.op_id, self.fence, self.epoch)

    def sign(self, message: Any) -> bytes:
        return messages.sign(message, self.key)

    def log_head(self) -> bytes:
        self._log += 1
        return self.sign(messages.LogHead(messages.LOG, self._log, sha256(u64(self._log))))

    def _begin(self, new_generation: bool) -> None:
        self.op_id, self.fence = os.urandom(16), self.fence + 1
        self._next_wrap = self._keys.wrap()
        self.next_gen = self.gen + 1 if new_generation else self.gen
        self._keys.generation(self.next_gen, self.policy.purposes)
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
        self._ticket = self.sign(messages.Ticket(self.head(), self.active.id, 2, 1, (target,), None, 1 << 42, ZERO32))
        return self._ticket

    def abort(self) -> bytes:
        if self.active is None or self.state not in ("PREPARED", "SEALED"):
            raise Refused("WRONG_STATE", f"the lineage is {self.state}")
        self.state = "ACTIVE"
        return self.sign(messages.Abort(self.head(), self.active.id))

    def challenge(self) -> bytes:
        self._nonce = os.urandom(32)
        return self.sign(messages.Challenge(self.head(), self._nonce, self.log_head()))

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
        head = self.head()
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
            shares = self._keys.shares(self.lineage, registered, core_digest)
            enc, ct = hpke.seal_box(claims[6], info, cbor.encode(shares))
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

    def activate(self, message: bytes) -> bytes:
        """The commit."""
        if self.candidate is None or self.state != "SEALED":
            raise Refused("WRONG_STATE", f"the lineage is {self.state}")
        ready = messages.verify(messages.Ready, message, [self.candidate.key])
        if ready.head != self.head() or ready.instance_id != self.candidate.id:
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
        self._keys.shares(self.lineage, ready.slots, sha256(core))
        self.body = rsc1.Body(core, ready.slots, footer)
        self.epoch, self.gen, self.active = self.epoch + 1, self.next_gen, self.candidate
        self.seq = rsc1.Footer.decode(footer).seq if self.epoch == 1 else 0
        self._wrap, self._fence_of_active, self.state = self._next_wrap, self.fence, "ACTIVE"
        head = self.head()
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
        return self._keys.keyset(self._floor(), self.gen)

    def _floor(self) -> int:
        """Generations below it are not needed any more."""
        return 1 if self.body is None else rsc1.Footer.decode(self.body.footer).gen_floor

    def passport(self) -> bytes:
        if self.active is None or self.body is None:
            raise Refused("WRONG_STATE", "nobody is active")
        now = time.time_ns() // 1_000_000
        return self.sign(
            messages.Passport(
                self.head(),
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
        head = self.head()._replace(op_id=found.head.op_id)
        return self.sign(messages.CheckpointAck(head, body.body_id, found.nonce, self.log_head()))

    def register(self, message: bytes) -> None:
        """A seal-receipt: PREPARED becomes SEALED."""
        if self.active is None or self.state != "PREPARED":
            raise Refused("WRONG_STATE", f"the lineage is {self.state}")
        found = messages.verify(messages.SealReceipt, message, [self.active.key])
        if found.ticket_digest != sha256(self._ticket) or found.head != self.head():
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
        self._keys.shares(self.lineage, body.slots, sha256(body.core))
        self.seq = footer.seq

    def rekey(self) -> bytes:
        if self.active is None or self.state != "ACTIVE":
            raise Refused("WRONG_STATE", f"the lineage is {self.state}")
        self.op_id, self.fence, self.gen = os.urandom(16), self.fence + 1, self.gen + 1
        self._keys.generation(self.gen, self.policy.purposes)
        head, active = self.head(), self.active
        info = hpke.info("rekey", head.lineage, head.op_id, head.fence, active.id, u64(self.epoch), u64(self.gen))
        enc, ct = hpke.seal_box(active.kem, info, self._keyset())
        return self.sign(messages.RekeyGrant(head, active.id, self.gen, enc, ct))

    def retire(self) -> bytes:
        """Destroys every generation below the registered floor."""
        gone = self._keys.retire(self._floor())
        return self.sign(messages.Retired(self.head(), (), gone, self.log_head(), 0))


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
