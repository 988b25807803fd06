"""The key store of one lineage in memory, for tests (protocol 7)."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from reseal import cbor, hpke, slots
from reseal.errors import Refused
from reseal.hashes import raw_public, sha256

__all__ = ["Keys"]


class Keys:
    """The generations of a lineage by number, and wrap keys by their id."""

    def __init__(self) -> None:
        self._generations: dict[int, dict[str, bytes]] = {}
        self._retired_to = 0
        self._wraps: dict[bytes, X25519PrivateKey] = {}

    def begin(self, gen: int, purposes: Iterable[str]) -> None:
        """With this generation alone."""
        self._generations.clear()
        self.generation(gen, purposes)

    def generation(self, gen: int, purposes: Iterable[str]) -> None:
        """Makes it, unless it is there."""
        self._generations.setdefault(gen, {name: os.urandom(32) for name in purposes})

    def keyset(self, floor: int, active: int) -> bytes:
        """The generations that an instance is given."""
        rows = [
            [gen, 2 if gen == active else 3, [[name, keys[name]] for name in sorted(keys)]]
            for gen, keys in sorted(self._generations.items())
            if floor <= gen <= active and gen > self._retired_to
        ]
        return cbor.encode(rows)

    def retire(self, floor: int) -> tuple[int, ...]:
        """Destroys every generation below ``floor``; which ones that were."""
        gone = tuple(gen for gen in sorted(self._generations) if gen < floor)
        for gen in gone:
            del self._generations[gen]
        self._retired_to = max([self._retired_to, *gone])
        return gone

    def wrap(self) -> bytes:
        """The public half of a new wrap key."""
        secret = X25519PrivateKey.generate()
        public = raw_public(secret)
        self._wraps[sha256(public)] = secret
        return public

    def shares(self, lineage: bytes, registered: bytes, core_digest: bytes) -> list[bytes]:
        """The authority's halves, one for each slot."""
        halves = []
        for slot in slots.decode(registered):
            secret = self._wraps.get(slot.wrap_id)
            if secret is None:
                raise Refused("POLICY_REFUSED", "a slot for a key that is not current")
            info = hpke.info("share", lineage, slot.op_id, slot.fence, slot.wrap_id, core_digest, sha256(slot.header))
            halves.append(hpke.open_box(secret, info, slot.enc, slot.share))
        return halves
