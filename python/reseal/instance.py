"""The instance: it obeys messages signed by the authority and nothing else (protocol 8).

The supervisor's advice only says which message to look at. Each handler checks everything, then
steps the state machine, then acts; a refusal changes nothing and is reported by its rule.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from reseal import cbor, cose, hpke, messages, rsc1, slots
from reseal.device import Platform
from reseal.errors import Refused
from reseal.hashes import head_digest, instance_id, labelled, policy_digest, raw_public, sha256, slot_digest, u64
from reseal.keyring import Keyring
from reseal.machine import State, step
from reseal.messages import ZERO16, ZERO32, Head, Policy
from reseal.sealing import Sealing, fresh
from reseal.slots import Recipients, StreamKeys

__all__ = ["Instance", "Sealed", "Trust"]

LAYOUT = 1


class Trust(NamedTuple):
    """What is measured into the image: one or two ``K_A``, and a policy digest or None."""

    authority: tuple[cose.VerifyKey, ...]
    policy_digest: bytes | None
    lineage: bytes


class Sealed(NamedTuple):
    """A container that is about to be written: stream it, then :meth:`Instance` signs for it."""

    sealing: Sealing
    version: int


class Opened(NamedTuple):
    """What a grant opened: core as granted, keys of its stream, footer that belongs to its body_id."""

    core: bytes
    slots: bytes
    keys: StreamKeys
    dek: bytes
    z: bytes


class Instance:
    """One live enclave; not safe for concurrent calls except where said."""

    def __init__(
        self,
        platform: Platform,
        trust: Trust,
        ring: Keyring,
        pk_tls: bytes,
        on_move: Callable[[State], None],
    ) -> None:
        self.platform = platform
        self.trust = trust
        self.ring = ring
        self.state = State.BORN
        self._on_move = on_move
        self._sig = cose.SigningKey.generate()
        self._kem: X25519PrivateKey | None = X25519PrivateKey.generate()
        self.pk_sig = self._sig.public.spki
        self.pk_kem = raw_public(self._kem)
        self.pk_tls = pk_tls
        self.id = instance_id(self.pk_sig, self.pk_kem, pk_tls)
        self.policy: Policy | None = None
        self.log_head: bytes | None = None
        self._log_seq = 0
        self.passport: bytes | None = None
        self.evidence: bytes | None = None
        self.epoch = 0
        self.gen_floor = 1
        self.seq = 0
        self.ready: bytes | None = None
        self.receipt: bytes | None = None
        self._challenge: Head | None = None
        self._grant: messages.Grant | None = None
        self._policy_bytes = b""
        self._ready_head = b""
        self._wrap_key = b""
        self._fence = 0
        self._locked_fence = 0
        self._rekey_fence = 0
        self._ticket: tuple[messages.Ticket, bytes] | None = None

    # -- the machine

    def check(self, message: str) -> State:
        """The state that the message leads to; ``Refused`` if the state machine does not allow it."""
        return step(self.state, message)

    def enter(self, message: str) -> None:
        """Moves; called after everything was checked."""
        state = self.check(message)
        if state is not self.state:
            self.state = state
            self._on_move(state)

    def die(self, message: str) -> None:
        """``restore-failed``, ``install-failed`` or ``fork``: keys are erased, the state is DEAD."""
        self.ring.erase()
        self._kem = None
        self._grant = None
        self.enter(message)

    def _verified(self, kind: type[messages.M], message: bytes) -> messages.M:
        return messages.verify(kind, message, self.trust.authority)

    def _ours(self, head: Head) -> None:
        if head.lineage != self.trust.lineage:
            raise Refused("LINEAGE_MISMATCH", f"a message for lineage {head.lineage.hex()}")

    def learn(self, log_head: bytes) -> None:
        """Keeps a newer log head, after checking ``K_A``'s signature on it."""
        found = self._verified(messages.LogHead, log_head)
        if found.seq > self._log_seq or self.log_head is None:
            self.log_head, self._log_seq = log_head, found.seq

    def witness(self, log_head: bytes) -> None:
        """As :meth:`learn`, for what a stranger shows: a head that nobody signed is ignored."""
        with contextlib.suppress(Refused):
            self.learn(log_head)

    def forget(self) -> None:
        """In a forked child: no key of the instance may be used here."""
        self._kem = None
        self._sig = cose.SigningKey.generate()
        self.passport = None
        self.state = State.DEAD

    def _box_key(self) -> X25519PrivateKey:
        if self._kem is None:
            raise Refused("WRONG_STATE", "the keys of this instance are erased")
        return self._kem

    # -- becoming a candidate

    def challenge(self, message: bytes) -> bytes:
        """The grant-request that answers a challenge (6.2)."""
        found = self._verified(messages.Challenge, message)
        self._ours(found.head)
        self.check("challenge")
        if self._grant is not None and self._grant.head.op_id != found.head.op_id:
            raise Refused("BINDING_MISMATCH", "a challenge of another operation than the grant's")
        self._verified(messages.LogHead, found.log_head)
        self.enter("challenge")
        self.learn(found.log_head)
        claims = messages.claims(found.head, found.nonce, self.pk_sig, self.pk_kem, self.pk_tls)
        evidence = self.platform.quote(messages.evidence_report_data(claims))
        self._challenge = found.head
        self.evidence = cbor.encode([claims, evidence])
        return messages.sign(messages.GrantRequest(found.head, claims, evidence, None), self._sig)

    def plat_check(self, registered: bytes) -> list[bool]:
        """Per slot, whether this platform has its half."""
        self.enter("plat-check")
        return [slots.plat_check(self.platform, slot) for slot in slots.decode(registered)]

    def grant(self, message: bytes) -> messages.Grant:
        """Accepts a grant; its state is opened by :meth:`open_state`, or empty for genesis."""
        found = self._verified(messages.Grant, message)
        head = found.head
        self._ours(head)
        self.check("grant-genesis" if found.genesis else "grant")
        challenge = self._challenge
        if (
            found.instance_id != self.id
            or challenge is None
            or (head.op_id, head.fence) != (challenge.op_id, challenge.fence)
        ):
            self.check("grant-other")
        if found.early:
            raise Refused("WRONG_STATE", "an early grant: this SDK re-seals in sequential mode only")
        if (found.body_id is None, found.opening is None) != (found.genesis, found.genesis):
            raise Refused("BINDING_MISMATCH", "a grant that is neither of genesis nor of a state")
        policy = self._policy(found.policy)
        self.learn(found.log_head)
        self.enter("grant-genesis" if found.genesis else "grant")
        self._grant, self.policy, self._policy_bytes = found, policy, found.policy
        self._wrap_key = found.next_wrap_key
        return found

    def _policy(self, encoded: bytes) -> Policy:
        policy = Policy.decode(encoded)
        if policy.lineage != self.trust.lineage:
            raise Refused("LINEAGE_MISMATCH", "a policy of another lineage")
        fixed = self.trust.policy_digest
        if fixed is not None and policy_digest(encoded) != fixed:
            raise Refused("POLICY_REFUSED", "the image fixes another policy (RESEAL_POLICY_SHA256)")
        return policy

    def open_state(self, core: bytes, footer: bytes) -> Opened:
        """The keys of the granted container; everything of 5.6 that comes before decryption."""
        grant, policy = self._granted()
        decoded = rsc1.check_granted(core, footer, self.trust.lineage, grant.core_digest, grant.body_id)
        digest = grant.core_digest
        head = grant.head
        info = hpke.info("grant", head.lineage, head.op_id, head.fence, self.id, digest, slot_digest(grant.slots))
        halves = messages.shares(hpke.open_box(self._box_key(), info, grant.enc, grant.ct))
        dek = slots.open_dek(
            self.platform, policy, digest, decoded.pk_open, decoded.salt, slots.decode(grant.slots), list(halves)
        )
        keys = StreamKeys(decoded.salt, dek)
        self.gen_floor = rsc1.check_footer(core, footer, keys).gen_floor
        opening = grant.opening or b""
        info = hpke.info("open", head.lineage, head.op_id, head.fence, decoded.pk_open, digest, self.id)
        z = hpke.open_box(keys.opening_key, info, opening[:32], opening[32:])
        return Opened(core, grant.slots, keys, dek, z)

    def _granted(self) -> tuple[messages.Grant, Policy]:
        if self._grant is None or self.policy is None:
            raise Refused("WRONG_STATE", "no grant was accepted")
        return self._grant, self.policy

    def restored(self, opened: Opened) -> bytes:
        """STANDBY: the ``ready`` with slots of our own for the state that was read."""
        grant, policy = self._granted()
        self.enter("restored")
        decoded = rsc1.Core.decode(opened.core)
        digest = sha256(opened.core)
        head = grant.head
        to = Recipients(head.lineage, head.op_id, head.fence, self.id, grant.next_wrap_key, None, policy)
        made = slots.make(self.platform, to, digest, decoded.pk_open, decoded.salt, opened.dek)
        proof = labelled("reseal/v1/opened", opened.z, head.op_id, u64(head.fence), self.id, slot_digest(made))
        body = grant.body_id or ZERO32
        self._ready_head = head_digest(body, slot_digest(made))
        self.ready = messages.sign(messages.Ready(head, self.id, body, digest, made, proof), self._sig)
        return self.ready

    def begun(self, finished: rsc1.Body) -> bytes:
        """STANDBY of genesis: the ``ready`` for our own first container, which is stored already."""
        grant, _ = self._granted()
        self.check("ready")
        ready = messages.Ready(
            grant.head,
            self.id,
            finished.body_id,
            sha256(finished.core),
            finished.slots,
            None,
            (finished.core, finished.footer),
        )
        self._ready_head = finished.head
        self.ready = messages.sign(ready, self._sig)
        return self.ready

    # -- activation and keys

    def activation(self, message: bytes, install: Callable[[str], None]) -> None:
        """Opens the keyset and runs ``install(reason)``; SERVING, or DEAD."""
        found = self._verified(messages.Activation, message)
        head = found.head
        self._ours(head)
        self.check("activation")
        grant, _ = self._granted()
        if found.instance_id != self.id or head.op_id != grant.head.op_id:
            self.check("activation-other")
        if head.fence != grant.head.fence or found.epoch != grant.next_epoch:
            self.check("activation-fenced")
        if found.policy != self._policy_bytes:
            raise Refused("POLICY_REFUSED", "the activation names another policy than the grant")
        if found.state_head != self._ready_head:
            raise Refused("BINDING_MISMATCH", "the activation names another head than our ready made")
        passport = self._passport(found.passport, found.epoch)
        self._verified(messages.LogHead, found.log_head)
        keyset = self._keyset("keyset", head, found.epoch, found.gen, found.enc, found.ct)
        self.enter("activation")
        self.learn(found.log_head)
        self.epoch, self._fence, self.passport = passport.head.epoch, head.fence, found.passport
        self.ring.install(keyset)
        try:
            install("activation")
        except BaseException:
            self.die("install-failed")
            raise
        self.enter("installed")

    def _keyset(
        self, purpose: str, head: Head, epoch: int, gen: int, enc: bytes, ct: bytes
    ) -> list[messages.Generation]:
        info = hpke.info(purpose, head.lineage, head.op_id, head.fence, self.id, u64(epoch), u64(gen))
        keyset = messages.keyset(hpke.open_box(self._box_key(), info, enc, ct))
        active = [generation.gen for generation in keyset if generation.state == 2]
        if active != [gen]:
            raise Refused("BINDING_MISMATCH", f"a keyset whose active generation is not {gen}")
        return keyset

    def rekey(self, message: bytes, install: Callable[[str], None]) -> None:
        """R0: a new generation; if ``install`` raises, the instance stays on the old one."""
        found = self._verified(messages.RekeyGrant, message)
        head = found.head
        self._ours(head)
        self.check("rekey-grant")
        if found.instance_id != self.id or head.epoch != self.epoch:
            raise Refused("BINDING_MISMATCH", "a rekey-grant for another instance or epoch")
        if found.gen <= self.ring.active or head.fence <= max(self._fence, self._rekey_fence):
            self.check("rekey-grant-old")
        keyset = self._keyset("rekey", head, self.epoch, found.gen, found.enc, found.ct)
        previous = self.ring.active
        self.enter("rekey-grant")
        self.ring.install(keyset)
        try:
            install("rekey")
        except BaseException:
            self.ring.without(previous)
            raise
        self._rekey_fence = head.fence

    # -- serving

    def _passport(self, message: bytes, epoch: int) -> messages.Passport:
        found = self._verified(messages.Passport, message)
        self._ours(found.head)
        if found.instance_id != self.id or found.head.epoch != epoch or found.pk_sig != self.pk_sig:
            raise Refused("BINDING_MISMATCH", "a passport of another instance or epoch")
        if found.nonce is not None:
            raise Refused("BINDING_MISMATCH", "a passport made for one relying party")
        return found

    def accept_passport(self, message: bytes) -> messages.Passport:
        """Keeps a newer passport."""
        found = self._passport(message, self.epoch)
        self._verified(messages.LogHead, found.log_head)
        self.enter("passport")
        self.learn(found.log_head)
        held = None if self.passport is None else self._passport(self.passport, self.epoch)
        if held is None or found.not_after >= held.not_after:
            self.passport = message
            return found
        return held

    def renew(self) -> bytes:
        """A renew message about the newest passport."""
        self.enter("renew")
        head = Head(self.trust.lineage, os.urandom(16), self._fence, self.epoch)
        digest = sha256(self.passport or b"")
        return messages.sign(messages.Renew(head, os.urandom(32), self.ring.active, self.log_head, digest), self._sig)

    def sign_channel(self, content: bytes) -> bytes:
        """``pk_sig`` over the channel array; safe to call from any thread."""
        return self._sig.sign(content)

    def begin(self, kind: str, version: int) -> Sealed:
        """A fresh container: ``genesis``, ``checkpoint`` or ``seal`` (5.2, 5.3)."""
        policy = self.policy
        if policy is None:
            raise Refused("WRONG_STATE", "no policy was granted")
        transfer = None
        if kind == "seal":
            self.check("seal")
            ticket = self._held_ticket()[0]
            op_id, fence, epoch, transfer = ticket.head.op_id, ticket.head.fence, self.epoch, ticket.transfer_key
        elif kind == "checkpoint":
            self.check("checkpoint")
            op_id, fence, epoch = ZERO16, self._fence, self.epoch
        else:
            head = self._granted()[0].head
            op_id, fence, epoch = head.op_id, head.fence, 1
        salt, dek = fresh()
        keys = StreamKeys(salt, dek)
        core = rsc1.Core(
            self.trust.lineage,
            epoch,
            op_id,
            fence,
            self.id,
            self.log_head,
            LAYOUT,
            salt,
            policy_digest(self._policy_bytes),
            keys.pk_open,
        ).encode()
        to = Recipients(self.trust.lineage, op_id, fence, self.id, self._wrap_key, transfer, policy)
        made = slots.make(self.platform, to, sha256(core), keys.pk_open, salt, dek)
        return Sealed(Sealing(core, made, keys), version)

    def finish_values(self) -> tuple[int, int, int]:
        """seq, gen and gen_floor of a footer that is finished now."""
        self.seq += 1
        gen = max(self.ring.active, 1)
        return self.seq, gen, min(self.gen_floor, gen)

    def checkpoint(self, body: rsc1.Body) -> tuple[bytes, bytes]:
        """The checkpoint message for a stored container, and its nonce."""
        self.enter("checkpoint")
        nonce = os.urandom(32)
        head = Head(self.trust.lineage, os.urandom(16), self._fence, self.epoch)
        return messages.sign(messages.Checkpoint(head, *body, nonce), self._sig), nonce

    def acknowledged(self, message: bytes, body: rsc1.Body, nonce: bytes) -> None:
        """Checks the checkpoint-ack for this body."""
        found = self._verified(messages.CheckpointAck, message)
        self._ours(found.head)
        if found.body_id != body.body_id or found.nonce != nonce or found.head.epoch != self.epoch:
            raise Refused("BINDING_MISMATCH", "a checkpoint-ack for another container")
        self._verified(messages.LogHead, found.log_head)
        self.enter("checkpoint-ack")
        self.learn(found.log_head)

    def retired(self, message: bytes) -> messages.Retired:
        """Zeroises our copies of retired generations."""
        found = self._verified(messages.Retired, message)
        self._ours(found.head)
        self._verified(messages.LogHead, found.log_head)
        self.enter("retired")
        self.learn(found.log_head)
        self.ring.retire(found.gens)
        return found

    # -- leaving

    def _held_ticket(self) -> tuple[messages.Ticket, bytes]:
        if self._ticket is None:
            raise Refused("WRONG_STATE", "no ticket was accepted")
        return self._ticket

    def finish(self, message: bytes) -> messages.Ticket:
        """A ticket to lock under: QUIESCING."""
        found = self._verified(messages.Ticket, message)
        self._ours(found.head)
        self.check("finish")
        if found.instance_id != self.id or found.head.epoch != self.epoch:
            self.check("finish-other")
        if found.head.fence <= max(self._locked_fence, self._fence):
            self.check("finish-fenced")
        self.enter("finish")
        self._ticket = found, message
        return found

    def drained(self) -> None:
        """LOCKED, once for this fence."""
        self.enter("drained")
        self._locked_fence = self._held_ticket()[0].head.fence
        self.receipt = None

    def sign_receipt(self, body: rsc1.Body) -> bytes:
        """The seal-receipt: our promise that this container is the whole state."""
        self.check("seal")
        ticket, message = self._held_ticket()
        head = Head(self.trust.lineage, ticket.head.op_id, ticket.head.fence, self.epoch)
        self.receipt = messages.sign(messages.SealReceipt(head, *body, sha256(message)), self._sig)
        return self.receipt

    def abort(self, message: bytes) -> None:
        """Only the abort of the operation that we locked under makes us serve again."""
        found = self._verified(messages.Abort, message)
        self._ours(found.head)
        self.check("abort")
        ticket = self._held_ticket()[0]
        if found.instance_id != self.id or found.head.op_id != ticket.head.op_id:
            self.check("abort-other")
        self.enter("abort")
        self.receipt = None
