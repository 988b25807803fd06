"""Slots: who can open a container, and the key schedule behind them (protocol 5.3)."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, NamedTuple, Protocol

from reseal import cbor, hpke
from reseal.errors import Refused
from reseal.fields import SLOTS, Shape, fields_of, fixed, listed, map_of, nullable, number
from reseal.hashes import expand, extract, mac, raw_public, same, sha256
from reseal.messages import BINDING_NONE, BINDING_SIGNER, RECOVERY_AUTHORITY, Policy

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

__all__ = ["PlatformKeys", "Recipients", "Slot", "StreamKeys", "decode", "make", "open_dek", "plat_check"]

PLATFORM_AND_AUTHORITY = 1
AUTHORITY = 2
_SEAL_KEY = 4
_INIT_AND_DEBUG = 0b11
_REQUEST = struct.Struct("<HHHH16s16s32sIH434s")


class PlatformKeys(Protocol):
    """What the container layer needs of a platform."""

    cpu_svn: bytes
    isv_svn: int

    def egetkey(self, request: bytes) -> bytes:
        """The 16-byte key; ``Refused`` with SVN_DOWNGRADE or PLATFORM."""


class Slot(NamedTuple):
    """``header`` is kept as received: it is hashed."""

    header: bytes
    kind: int
    wrap_id: bytes
    wrapper: bytes
    request: bytes | None
    plat_check: bytes | None
    op_id: bytes
    fence: int
    enc: bytes
    share: bytes
    wrapped_dek: bytes


class Recipients(NamedTuple):
    """For whom and as whom slots are made; ``transfer_key`` is ``PK_x`` of a transfer operation."""

    lineage: bytes
    op_id: bytes
    fence: int
    wrapper: bytes
    wrap_key: bytes
    transfer_key: bytes | None
    policy: Policy


_D = fixed(32)
_HEADER: Shape = (
    (1, "type", number(1, 2)),
    (2, "wrap_id", _D),
    (3, "wrapper", _D),
    (4, "KEYREQUEST", nullable(fixed(512))),
    (5, "plat_check", nullable(fixed(16))),
    (6, "op_id", fixed(16)),
    (7, "fence", number()),
)


def _blob(item: object, where: str) -> object:
    if type(item) is not bytes:
        raise Refused("STRUCTURE", f"{where} is not a byte string")
    return item


_SLOT: Shape = ((0, "header", _blob), (1, "enc", _D), (2, "share", fixed(48)), (3, "wrapped DEK", fixed(48)))


def decode(encoded: bytes) -> list[Slot]:
    """One or two slots, at most one of each type; anything else is refused by rule STRUCTURE."""
    try:
        if len(encoded) > SLOTS:
            raise Refused("SIZE", f"slots of {len(encoded)} bytes")
        items = listed(lambda item, where: fields_of(item, where, _SLOT), 1, 2)(cbor.decode(encoded), "slots")
        slots = [Slot(item[0], *map_of(item[0], "slot header", _HEADER), *item[1:]) for item in items]
    except Refused as refused:
        raise Refused("STRUCTURE", str(refused)) from None
    if len({slot.kind for slot in slots}) != len(slots):
        raise Refused("STRUCTURE", "two slots of one type")
    return slots


def _encode_header(kind: int, wrap_id: bytes, to: Recipients, request: bytes | None, check: bytes | None) -> bytes:
    return cbor.encode({1: kind, 2: wrap_id, 3: to.wrapper, 4: request, 5: check, 6: to.op_id, 7: to.fence})


class StreamKeys:
    """What a DEK gives for one container: round keys, footer key, opening key (protocol 5.3, 5.4)."""

    __slots__ = ("_open", "_sprk", "pk_open")

    def __init__(self, salt: bytes, dek: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        self._sprk = extract(salt, dek)
        self._open = X25519PrivateKey.from_private_bytes(expand(self._sprk, b"reseal/v1/open", 32))
        self.pk_open = raw_public(self._open)

    def __repr__(self) -> str:
        return "<StreamKeys>"

    def round(self, core_digest: bytes, number: int) -> tuple[bytes, bytes]:
        """AES-256-GCM key and 7-byte nonce prefix of a round."""
        info = b"reseal/v1/seg\0" + core_digest + number.to_bytes(4, "big")
        okm = expand(self._sprk, info, 39)
        return okm[:32], okm[32:]

    def footer_mac(self, core_digest: bytes, footer: bytes) -> bytes:
        """Over the encoding of the footer without its mac."""
        return mac(expand(self._sprk, b"reseal/v1/footer\0" + core_digest, 32), footer)

    @property
    def opening_key(self) -> X25519PrivateKey:
        return self._open


def check_mac(s_plat: bytes, request: bytes) -> bytes:
    """``plat_check``: tells a changed platform key from damage."""
    return mac(expand(extract(b"reseal/v1/plat", s_plat), b"check", 32), request)[:16]


def _wrapping(core_digest: bytes, header_digest: bytes, s_plat: bytes, s_auth: bytes) -> tuple[bytes, bytes]:
    material = b"".join((len(s_plat).to_bytes(2, "big"), s_plat, b"\0\x20", s_auth))
    kek = expand(extract(core_digest, material), b"reseal/v1/kek\0" + header_digest, 32)
    return kek, core_digest + header_digest


def make(platform: PlatformKeys, to: Recipients, core_digest: bytes, pk_open: bytes, salt: bytes, dek: bytes) -> bytes:
    """The slots that the policy asks for; each is opened again from its bytes before it is returned."""
    policy = to.policy
    plan: list[tuple[int, bytes]] = []
    if policy.binding != BINDING_NONE:
        plan.append((PLATFORM_AND_AUTHORITY, to.wrap_key))
    if policy.recovery == RECOVERY_AUTHORITY:
        plan.append((AUTHORITY, to.wrap_key))
    elif to.transfer_key is not None:
        plan.append((AUTHORITY, to.transfer_key))
    made, halves = [], []
    for kind, recipient in plan:
        s_auth = os.urandom(32)
        made.append(_slot(platform, to, core_digest, dek, kind, recipient, s_auth))
        halves.append(s_auth)
    encoded = cbor.encode(made)
    for slot, s_auth in zip(decode(encoded), halves, strict=True):
        open_dek(platform, policy, core_digest, pk_open, salt, [slot], [s_auth])
    return encoded


def _slot(
    platform: PlatformKeys, to: Recipients, core_digest: bytes, dek: bytes, kind: int, recipient: bytes, s_auth: bytes
) -> dict[int, bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    request, check, s_plat = None, None, b""
    if kind == PLATFORM_AND_AUTHORITY:
        request = key_request(platform, to.policy)
        s_plat = platform.egetkey(request)
        check = check_mac(s_plat, request)
    wrap_id = sha256(recipient)
    header = _encode_header(kind, wrap_id, to, request, check)
    digest = sha256(header)
    info = hpke.info("share", to.lineage, to.op_id, to.fence, wrap_id, core_digest, digest)
    enc, share = hpke.seal_box(recipient, info, s_auth)
    kek, aad = _wrapping(core_digest, digest, s_plat, s_auth)
    # The zero nonce is sound because S_auth, hence the key, is used once.
    return {0: header, 1: enc, 2: share, 3: AESGCM(kek).encrypt(bytes(12), dek, aad)}


def _key_policy(policy: Policy) -> int:
    return 2 if policy.binding == BINDING_SIGNER else 1


def key_request(platform: PlatformKeys, policy: Policy) -> bytes:
    """A KEYREQUEST at the current SVNs with a random KEYID."""
    return _REQUEST.pack(
        _SEAL_KEY,
        _key_policy(policy),
        platform.isv_svn,
        0,
        platform.cpu_svn,
        policy.attribute_mask,
        os.urandom(32),
        policy.misc_mask,
        0,
        bytes(434),
    )


def check_request(slot: Slot, policy: Policy) -> None:
    """The KEYREQUEST rules of protocol 5.3."""
    if slot.kind == AUTHORITY:
        if slot.request is not None or slot.plat_check is not None:
            raise Refused("KEYREQUEST", "an authority slot with a KEYREQUEST")
        return
    if policy.binding == BINDING_NONE:
        raise Refused("KEYREQUEST", "a platform slot under binding: none")
    if (slot.request is None) != (slot.plat_check is None):
        raise Refused("KEYREQUEST", "KEYREQUEST and plat_check must be present together")
    if slot.request is None:
        raise Refused("KEYREQUEST", "the slot was made for a runtime's built-in seal key")
    name, bits, _, zero, _, mask, _, misc, config, rest = _REQUEST.unpack(slot.request)
    if name != _SEAL_KEY:
        raise Refused("KEYREQUEST", f"KEYNAME {name}, not 4")
    if bits != _key_policy(policy):
        raise Refused("KEYREQUEST", f"KEYPOLICY {bits} is not the binding of the policy")
    if mask != policy.attribute_mask or misc != policy.misc_mask:
        raise Refused("KEYREQUEST", "attribute or misc mask is not that of the policy")
    if mask[0] & _INIT_AND_DEBUG != _INIT_AND_DEBUG:
        raise Refused("KEYREQUEST", "the attribute mask leaves out INIT or DEBUG")
    if config or zero or any(rest):
        raise Refused("KEYREQUEST", "CONFIGSVN or reserved bytes are not zero")


def plat_check(platform: PlatformKeys, slot: Slot) -> bool:
    """Whether this platform still has the platform half of the slot, without the authority."""
    if slot.kind == AUTHORITY:
        return True
    if slot.request is None or slot.plat_check is None:
        return False
    try:
        return same(check_mac(platform.egetkey(slot.request), slot.request), slot.plat_check)
    except Refused:
        return False


def open_dek(
    platform: PlatformKeys,
    policy: Policy,
    core_digest: bytes,
    pk_open: bytes,
    salt: bytes,
    slots: list[Slot],
    halves: list[bytes | None],
) -> bytes:
    """The DEK from the first slot that has an authority half; a slot that fails ends the attempt."""
    if len(halves) != len(slots):
        raise Refused("NO_SLOT", f"{len(halves)} shares for {len(slots)} slots")
    for slot, half in zip(slots, halves, strict=True):
        if half is not None:
            return _dek(platform, policy, core_digest, pk_open, salt, slot, half)
    raise Refused("NO_SLOT", "no slot has an authority half")


def _dek(
    platform: PlatformKeys, policy: Policy, core_digest: bytes, pk_open: bytes, salt: bytes, slot: Slot, s_auth: bytes
) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    check_request(slot, policy)
    s_plat = b""
    if slot.request is not None and slot.plat_check is not None:
        s_plat = platform.egetkey(slot.request)
        if not same(check_mac(s_plat, slot.request), slot.plat_check):
            raise Refused("PLATFORM_KEY_CHANGED", "EGETKEY gives another key than when this slot was made")
    kek, aad = _wrapping(core_digest, sha256(slot.header), s_plat, s_auth)
    try:
        dek = AESGCM(kek).decrypt(bytes(12), slot.wrapped_dek, aad)
    except InvalidTag:
        raise Refused("UNWRAP", "the wrapped DEK does not open with these halves") from None
    # AES-GCM is not key-committing: the DEK must reproduce the core's pk_open.
    if not same(StreamKeys(salt, dek).pk_open, pk_open):
        raise Refused("PK_OPEN", "the slot holds another DEK than the core's")
    return dek
