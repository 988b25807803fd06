"""What a relying party demands of a passport and of the channel it came over (protocol 6.4, 14.3, 16).

Pure functions: the time, the key of the handshake and the memory are arguments.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from reseal import cbor, cose, messages
from reseal.errors import Refused
from reseal.fields import CORE, MESSAGE, Shape, blob, fixed, map_of, nullable
from reseal.hashes import sha256
from reseal.messages import LogHead, Passport

__all__ = ["EMULATED", "SGX", "Floor", "Policy", "channel_content", "check_answer", "check_floor"]
__all__ += ["hello", "remembered"]

SGX, EMULATED = 1, 2
KIND = 2
_FLAGS = {1: "takeover", 2: "recovered", 4: "generation lagging", 8: "relaxed TCB", 16: "demo policy"}
_ANSWER: Shape = ((1, "passport", blob(MESSAGE)), (2, "signature", fixed(64)), (3, "evidence", nullable(blob(MESSAGE))))


@dataclass(frozen=True)
class Policy:
    """What a relying party accepts; every list denies what it does not name.

    ``accept_flags`` is the sum of the passport flags that are acceptable (``messages.FLAG_...``): none
    by default, so that a takeover or a demo policy is never accepted by accident.
    """

    authority: tuple[cose.VerifyKey, ...]
    lineage: bytes
    measurements: frozenset[bytes]
    platforms: frozenset[int]
    accept_flags: int = 0
    max_life_ms: int = 300_000
    skew_ms: int = 5_000
    least_generation: int = 0

    @classmethod
    def of(
        cls,
        authority: str | pathlib.Path,
        lineage: str,
        measurements: Iterable[str],
        platforms: Iterable[int] = (SGX,),
        *,
        accept_flags: int = 0,
        max_life_ms: int = 300_000,
        skew_ms: int = 5_000,
        least_generation: int = 0,
    ) -> Policy:
        """From the file ``authority.spki`` (hex, one key a line) and from hex texts."""
        lines = pathlib.Path(authority).read_text(encoding="ascii").split()
        return cls(
            tuple(cose.VerifyKey(bytes.fromhex(line)) for line in lines),
            bytes.fromhex(lineage),
            frozenset(bytes.fromhex(each) for each in measurements),
            frozenset(platforms),
            accept_flags,
            max_life_ms,
            skew_ms,
            least_generation,
        )

    def __post_init__(self) -> None:
        if not self.authority or not self.measurements or not self.platforms:
            raise ValueError("a policy names at least one authority key, one measurement and one platform kind")
        if len(self.lineage) != 16 or any(len(each) != 32 for each in self.measurements):
            raise ValueError("a lineage has 16 bytes and a measurement 32")


class Floor(NamedTuple):
    """The newest that was seen of a lineage; anything below it is an older owner."""

    epoch: int = 0
    fence: int = 0
    gen: int = 0
    log_head: bytes | None = None


def hello(nonce: bytes, lineage: bytes, log_head: bytes | None) -> bytes:
    """The first request of a connection; evidence stays at the authority, whose passport speaks for it."""
    return cbor.encode({1: nonce, 2: lineage, 3: KIND, 5: False, 6: log_head})


def channel_content(nonce: bytes, lineage: bytes, tls_digest: bytes, passport: bytes) -> bytes:
    """What ``pk_sig`` signs: this nonce, in this handshake, under this passport."""
    return cbor.encode(["reseal/v1/channel", nonce, lineage, KIND, tls_digest, sha256(passport)])


def check_answer(
    answer: bytes, policy: Policy, nonce: bytes, tls_digest: bytes, floor: Floor, now_ms: int
) -> tuple[Passport, LogHead]:
    """The passport that this channel may be trusted under, and its verified log head; else ``Refused``."""
    encoded, signature, _ = map_of(answer, "answer", _ANSWER)
    passport = messages.verify(Passport, encoded, policy.authority)
    _check_time(passport, policy, now_ms)
    _check_owner(passport, policy)
    newest = messages.verify(LogHead, passport.log_head, policy.authority)
    check_floor(passport, newest, floor)
    _check_identity(passport, policy)
    if passport.tls_digest != tls_digest:
        raise Refused(
            "CHANNEL_MISMATCH",
            f"this connection ends at key {tls_digest.hex()[:16]}, the active instance's is "
            f"{passport.tls_digest.hex()[:16]}: somebody stands in between",
        )
    content = channel_content(nonce, policy.lineage, tls_digest, encoded)
    if not cose.VerifyKey(passport.pk_sig).verifies(content, signature):
        raise Refused("CHALLENGE_SIGNATURE", "the challenge of this connection was not signed by the active instance")
    return passport, newest


def check_floor(passport: Passport, newest: LogHead, floor: Floor) -> None:
    """``Refused`` if what is remembered is newer; a log head older than remembered means a restored register."""
    head = passport.head
    if head.epoch < floor.epoch:
        raise Refused("EPOCH_SUPERSEDED", f"epoch {head.epoch}, and epoch {floor.epoch} was seen already")
    if head.fence < floor.fence:
        raise Refused("FENCE_SUPERSEDED", f"fence {head.fence}, and fence {floor.fence} was seen already")
    if passport.gen < floor.gen:
        raise Refused("GENERATION_SUPERSEDED", f"key generation {passport.gen}, and {floor.gen} was seen already")
    if floor.log_head is not None:
        known = remembered(floor.log_head)
        if newest.seq < known.seq or (newest.seq == known.seq and newest.hash != known.hash):
            raise Refused("AUTHORITY_ROLLBACK", f"log entry {newest.seq} after {known.seq}: the register went back")


def _check_time(passport: Passport, policy: Policy, now_ms: int) -> None:
    life = passport.not_after - passport.not_before
    if not 0 < life <= policy.max_life_ms:
        raise Refused("PASSPORT_LIFE", f"a passport of {life} ms, more than the {policy.max_life_ms} ms accepted")
    if now_ms + policy.skew_ms < passport.not_before:
        raise Refused("PASSPORT_NOT_YET_VALID", f"this passport begins in {passport.not_before - now_ms} ms")
    if now_ms > passport.not_after:
        raise Refused("PASSPORT_EXPIRED", f"this passport ended {now_ms - passport.not_after} ms ago")


def _check_owner(passport: Passport, policy: Policy) -> None:
    if passport.head.lineage != policy.lineage:
        raise Refused("LINEAGE_MISMATCH", f"asked for {policy.lineage.hex()}, found {passport.head.lineage.hex()}")
    if passport.gen < policy.least_generation:
        raise Refused("GENERATION_REFUSED", f"key generation {passport.gen}, below {policy.least_generation}")


def _check_identity(passport: Passport, policy: Policy) -> None:
    if passport.mrenclave not in policy.measurements:
        raise Refused("MEASUREMENT_REFUSED", f"MRENCLAVE {passport.mrenclave.hex()} is not one of those accepted")
    if passport.platform_kind not in policy.platforms:
        name = "EMULATED, which protects nothing" if passport.platform_kind == EMULATED else "SGX"
        raise Refused("PLATFORM_REFUSED", f"the instance runs on a platform of kind {name}")
    if unwanted := passport.flags & ~policy.accept_flags:
        names = ", ".join(name for bit, name in _FLAGS.items() if unwanted & bit)
        raise Refused("FLAGS_REFUSED", f"the passport says: {names}; accept flags {unwanted} if that is wanted")


def remembered(log_head: bytes) -> LogHead:
    """One whose signature was checked before it was kept; by a key that may no longer be the authority's."""
    return messages.decode(LogHead, cose.parse(log_head, LOG_HEAD_MAX).payload)


LOG_HEAD_MAX = CORE
