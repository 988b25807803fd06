"""What the secrets of a site are: read from where they are kept by right, or derived from that as their owner would.

Nothing here is a door in a program: the key store and the machine's file are read as root or their owner can, and a sealing key
is EGETKEY's answer, computed again.
"""

from __future__ import annotations

import pathlib
import struct
import sys

from asking import row
from canary import Canary
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

from reseal import cbor, hpke, rsc1, slots
from reseal.essentials import Policy
from reseal.hashes import sha256


def key_store(home: pathlib.Path) -> dict[str, bytes]:
    """Names and keys of an authority: mark, u32 room and its CRC, u32 CRC, u8 name length, u32 key length, name, key, padding."""
    store = (home / "authority" / "keystore").read_bytes()
    found, at = {}, 16
    while at + 18 <= len(store) and store[at : at + 1] in (b"E", b"K"):
        room, _, _, name, key = struct.unpack_from(">IIIBI", store, at + 1)
        if store[at : at + 1] == b"K":
            start = at + 18 + name
            found[store[at + 18 : start].decode()] = store[start : start + key]
        at += 18 + room
    return found


def number_of(key: object, name: str) -> Canary:
    """The secret number of a P-256 key."""
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Canary(name, key.private_numbers().private_value.to_bytes(32, "big"), number=True)


def pem_number(path: pathlib.Path, name: str) -> Canary:
    return number_of(load_pem_private_key(path.read_bytes(), None), name)


def authority_key(home: pathlib.Path) -> Canary:
    return number_of(load_der_private_key(key_store(home)["authority"], None), "K_A")


def lineage_keys(home: pathlib.Path) -> list[Canary]:
    """Every wrap key and every key of every generation that the authority holds for its lineages."""
    found = []
    for name, key in key_store(home).items():
        kind, *rest = name.split("/")
        if kind == "wrap":
            found.append(Canary(f"wrap key {rest[1][:8]}", key))
        elif kind == "gen":
            found += [Canary(f"key of generation {rest[1]}", each) for _, each in cbor.decode(key)]
        elif kind == "add":
            found.append(Canary(f"added key {rest[1]}", key))
    return found


def alive(home: pathlib.Path) -> list[str]:
    """The lineages that have a sealed state which somebody could still open."""
    named = [each.parent.name for each in home.glob("lineages/*/image.sigstruct")]
    return [name for name in named if (found := row(home, name))[2] != "CLOSED" and found[11] is not None]


class Processor:
    """The emulated EGETKEY(SEAL) for one image, from the machine's own file (docs/reference/emulator.md)."""

    def __init__(self, machine: pathlib.Path, sigstruct: bytes, mrenclave: bytes) -> None:
        kept = cbor.decode(machine.read_bytes())
        self._fuses, self._owner_epoch = kept[2], kept[3]
        self._attributes = bytes([sigstruct[928] | 1]) + sigstruct[929:944]  # EINIT adds INIT
        self._product = struct.unpack_from("<H", sigstruct, 1024)[0]
        self._mrenclave = mrenclave
        self.cpu_svn, self.isv_svn = bytes(16), 0

    def egetkey(self, request: bytes) -> bytes:
        name, policy, isv_svn, _, cpu_svn, mask, key_id, misc = struct.unpack_from("<HHHH16s16s32sI", request)
        assert (name, policy) == (4, 1), "sealed to MRENCLAVE"
        kept = bytes([mask[0] | 3]) + mask[1:]
        masked = bytes(a & b for a, b in zip(kept, self._attributes, strict=True))
        derivation = struct.pack(
            "<HH4x16s16sII16s16sHHH64x16x16x32s32x32s2x",
            *(name, policy, masked, mask, 0, ~misc & 0xFFFFFFFF),
            *(self._owner_epoch, cpu_svn, isv_svn, self._product, 0, self._mrenclave, key_id),
        )
        base = _cmac(self._fuses, b"reseal/emulated/base/" + name.to_bytes(2, "big"))
        return _cmac(base, derivation)


def _cmac(key: bytes, content: bytes) -> bytes:
    mac = CMAC(AES(key))
    mac.update(content)
    return mac.finalize()


def sealed_state(home: pathlib.Path, name: str) -> list[Canary]:
    """Both halves, the key and what follows from it, of the newest registered head of a lineage.

    The key is right: :func:`reseal.slots.open_dek` compares it with the container's ``pk_open``.
    """
    found = row(home, name)
    lineage, core = found[1], rsc1.Core.decode(found[20])
    digest, slot = sha256(found[20]), slots.decode(found[11])[0]
    image = home / "lineages" / name / "image.sigstruct"
    processor = Processor(home / "platform" / "machine", image.read_bytes(), found[9])
    named = f"wrap/{lineage.hex()}/{slot.wrap_id.hex()}/"
    kept = next(key for name, key in key_store(home).items() if name.startswith(named))
    wrap = X25519PrivateKey.from_private_bytes(kept)
    info = hpke.info("share", lineage, slot.op_id, slot.fence, slot.wrap_id, digest, sha256(slot.header))
    s_auth = hpke.open_box(wrap, info, slot.enc, slot.share)
    assert slot.request is not None
    policy = Policy.decode(found[17])
    dek = slots.open_dek(processor, policy, digest, core.pk_open, core.salt, [slot], [s_auth])
    keys = slots.StreamKeys(core.salt, dek)
    opening = keys.opening_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return [
        Canary("S_plat", processor.egetkey(slot.request)),
        Canary("S_auth", s_auth),
        Canary("DEK", dek),
        Canary("segment key", keys.round(digest, 0)[0]),
        Canary("sk_open", opening),
    ]
