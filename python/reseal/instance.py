"""The instance: it obeys messages signed by the authority and nothing else (protocol 8).

The supervisor's advice only says which message to look at. Each handler checks everything, then
steps the state machine, then acts; a refusal changes nothing and is reported by its rule.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from reseal import hpke, messages, rsc1, slots
from reseal.candidacy import Candidacy, Opened, Trust
from reseal.errors import Refused
from reseal.hashes import policy_digest, sha256, u64
from reseal.messages import ZERO16, Head
from reseal.sealing import Sealing, fresh
from reseal.slots import Recipients, StreamKeys

__all__ = ["Instance", "Opened", "Trust"]

LAYOUT = 1


class Instance(Candidacy):
    """One live enclave; not safe for concurrent calls except where said."""

    # -- activation and keys

    def activation(self, message: bytes, install: Callable[[str, int], None]) -> None:
        """Opens the keyset and runs ``install(reason, generation)``; SERVING, or DEAD."""
        found = self._verified(messages.Activation, message)
        head = found.head
        self._ours(head)
        self.check("activation")
        grant, _ = self._granted()
        if found.instance_id != self.id or head.op_id != grant.head.op_id:
            self.check("activation-other")
        if head.fence != grant.head.fence or (found.epoch, head.epoch) != (grant.next_epoch, grant.next_epoch):
            self.check("activation-fenced")
        if found.policy != self._policy_bytes:
            raise Refused("POLICY_REFUSED", "the activation names another policy than the grant")
        if found.state_head != self._ready_head:
            raise Refused("BINDING_MISMATCH", "the activation names another head than our ready made")
        passport = self._passport(found.passport, found.epoch, head.fence)
        self._verified(messages.LogHead, found.log_head)
        keyset = self._keyset("keyset", head, found.epoch, found.gen, found.enc, found.ct)
        self.enter("activation")
        self.learn(found.log_head)
        self.epoch, self._fence, self.passport = passport.head.epoch, head.fence, found.passport
        self.ring.install(keyset)
        try:
            install("activation", found.gen)
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

    def rekey(self, message: bytes) -> int:
        """R0: a new generation is here; the old one stays current until :meth:`rekeyed`, and if that never comes."""
        found = self._verified(messages.RekeyGrant, message)
        head = found.head
        self._ours(head)
        self.check("rekey-grant")
        if found.instance_id != self.id:
            raise Refused("BINDING_MISMATCH", "a rekey-grant for another instance")
        newer = found.gen > self.ring.active and head.fence > max(self._fence, self._rekey_fence)
        if head.epoch != self.epoch or not newer:
            self.check("rekey-grant-old")
        keyset = self._keyset("rekey", head, self.epoch, found.gen, found.enc, found.ct)
        self.enter("rekey-grant")
        self.ring.add(keyset)
        self._rekeying = keyset, head.fence
        return found.gen

    def rekeyed(self, done: bool) -> None:
        """The application took the new generation, or did not."""
        keyset, fence = self._rekeying
        self._rekeying = [], 0
        if done:
            self.ring.install(keyset)
            self._rekey_fence = fence
        else:
            self.ring.withdraw()

    # -- serving

    def _passport(self, message: bytes, epoch: int, fence: int) -> messages.Passport:
        found = self._verified(messages.Passport, message)
        self._ours(found.head)
        ours = (self.id, self.pk_sig, sha256(self.pk_tls))
        if (found.instance_id, found.pk_sig, found.tls_digest) != ours:
            raise Refused("BINDING_MISMATCH", "a passport of another instance")
        if found.nonce is not None:
            raise Refused("BINDING_MISMATCH", "a passport made for one relying party")
        self._current(found.head, epoch, fence)
        return found

    def accept_passport(self, message: bytes) -> messages.Passport:
        """Keeps a newer passport."""
        self.check("passport")
        found = self._passport(message, self.epoch, self._fence)
        self._verified(messages.LogHead, found.log_head)
        self.enter("passport")
        self.learn(found.log_head)
        held = None if self.passport is None else self._passport(self.passport, self.epoch, self._fence)
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

    def begin(self, kind: str) -> Sealing:
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
        return Sealing(core, made, keys)

    def finish_values(self) -> tuple[int, int, int]:
        """seq, gen and gen_floor of a footer that is finished now."""
        self.seq += 1
        gen = max(self.ring.active, 1)
        return self.seq, gen, min(self.gen_floor, gen)

    def checkpoint(self, body: rsc1.Body) -> bytes:
        """The checkpoint message for a stored container."""
        self.enter("checkpoint")
        nonce = os.urandom(32)
        head = Head(self.trust.lineage, os.urandom(16), self._fence, self.epoch)
        self._pending = head.op_id, body.body_id, nonce
        return messages.sign(messages.Checkpoint(head, *body, nonce), self._sig)

    def acknowledged(self, message: bytes) -> None:
        """The checkpoint-ack of the newest checkpoint, once."""
        found = self._verified(messages.CheckpointAck, message)
        self._ours(found.head)
        self.check("checkpoint-ack")
        self._current(found.head, self.epoch, self._fence)
        self._verified(messages.LogHead, found.log_head)
        if (found.head.op_id, found.body_id, found.nonce) != self._pending:
            raise Refused("BINDING_MISMATCH", "a checkpoint-ack for another checkpoint")
        self.enter("checkpoint-ack")
        self._pending = None
        self.learn(found.log_head)

    def retired(self, message: bytes) -> messages.Retired:
        """Zeroises our copies of retired generations."""
        found = self._verified(messages.Retired, message)
        self._ours(found.head)
        self.check("retired")
        self._current(found.head, self.epoch, self._fence)
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
        if found.instance_id != self.id:
            self.check("finish-other")
        if found.head.epoch != self.epoch or found.head.fence <= max(self._locked_fence, self._fence):
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
        if found.instance_id != self.id or found.head != ticket.head:
            self.check("abort-other")
        self.enter("abort")
        self.receipt = None
