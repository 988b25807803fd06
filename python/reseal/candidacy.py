"""From BORN to STANDBY: evidence, grant, opening the state, ready (protocol 8)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from reseal import cbor, cose, hpke, messages, rsc1, slots
from reseal.device import Platform
from reseal.errors import Refused
from reseal.hashes import head_digest, instance_id, labelled, policy_digest, raw_public, sha256, slot_digest, u64
from reseal.keyring import Keyring
from reseal.machine import State, step
from reseal.messages import ZERO32, Head, Policy
from reseal.slots import Recipients, StreamKeys

__all__ = ["Candidacy", "Opened", "Trust"]


class Trust(NamedTuple):
    """What is measured into the image: one or two ``K_A``, and a policy digest or None."""

    authority: tuple[cose.VerifyKey, ...]
    policy_digest: bytes | None
    lineage: bytes


class Opened(NamedTuple):
    """What a grant opened: core as granted, keys of its stream, footer that belongs to its body_id."""

    core: bytes
    slots: bytes
    keys: StreamKeys
    dek: bytes
    z: bytes


class Candidacy:
    """An instance up to STANDBY: its keys, its evidence, its grant, the state that it opens."""

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
        self._learning = threading.Lock()
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
        self._rekeying: tuple[list[messages.Generation], int] = [], 0
        """Keyset and fence of the rekey-grant that the application is taking."""
        self._ticket: tuple[messages.Ticket, bytes] | None = None
        self._pending: tuple[bytes, bytes, bytes] | None = None
        """op_id, body_id and nonce of the checkpoint that is not acknowledged yet."""

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

    def _current(self, head: Head, epoch: int, fence: int) -> None:
        """Refuses what was signed in another epoch, or in this one before its activation."""
        if head.epoch != epoch or head.fence < fence:
            raise Refused(
                "FENCED", f"signed in epoch {head.epoch} at fence {head.fence}, we are of epoch {epoch}, fence {fence}"
            )

    def learn(self, log_head: bytes) -> None:
        """Keeps a newer log head, after checking ``K_A``'s signature on it."""
        found = self._verified(messages.LogHead, log_head)
        with self._learning:  # hellos come on threads of their own
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
        if self._grant is not None and self._grant.head != found.head:
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
        """Per slot, whether this platform has its half.

        One that serves is asked before it is replaced: ``Refused`` with UNAVAILABLE if its platform does not quote.
        """
        self.check("plat-check")
        if self.state is State.SERVING:
            self.platform.quote(bytes(64))
        self.enter("plat-check")
        return [slots.plat_check(self.platform, slot) for slot in slots.decode(registered)]

    def grant(self, message: bytes) -> messages.Grant:
        """Accepts a grant; its state is opened by :meth:`open_state`, or empty for genesis."""
        found = self._verified(messages.Grant, message)
        head = found.head
        self._ours(head)
        self.check("grant-genesis" if found.genesis else "grant")
        if found.instance_id != self.id or head != self._challenge:
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
