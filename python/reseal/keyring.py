"""Key generations inside an instance: one current, older ones for decryption, none of them shown."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn, TypeVar

from reseal.errors import Refused
from reseal.messages import Generation

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["Key", "KeyGeneration", "Keyring"]

T = TypeVar("T")

ACTIVE, DEACTIVATED, COMPROMISED = 2, 3, 4


class KeyGeneration:
    """The key of one purpose in one generation. Its bytes come out by :meth:`reveal` only."""

    __slots__ = ("_secret", "generation", "name", "state")

    def __init__(self, name: str, generation: int, state: int, secret: bytes) -> None:
        self.name = name
        self.generation = generation
        self.state = state
        self._secret = bytearray(secret)

    def __repr__(self) -> str:
        return f"<KeyGeneration {self.name} {self.generation}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not serialisable")

    def reveal(self) -> bytes:
        """A copy of the key's bytes; ``Refused`` with KEY_DESTROYED after it was retired."""
        if not self._secret:
            raise Refused("KEY_DESTROYED", f"generation {self.generation} of {self.name} is destroyed here")
        return bytes(self._secret)

    def encrypt(self, plaintext: bytes, associated: bytes = b"") -> bytes:
        """AES-256-GCM with a random nonce under a key derived from this one; names its generation.

        Refused for a generation that is not the active one: only that may protect new data.
        """
        import os

        if self.state != ACTIVE:
            raise Refused("KEY_DESTROYED", f"generation {self.generation} of {self.name} is for decryption only")
        nonce = os.urandom(12)
        head = self.generation.to_bytes(8, "big") + nonce
        return head + self._cipher().encrypt(nonce, plaintext, head[:8] + associated)

    def decrypt(self, ciphertext: bytes, associated: bytes = b"") -> bytes:
        """What :meth:`encrypt` of this generation made; ``Refused`` with CORRUPT for anything else."""
        from cryptography.exceptions import InvalidTag

        head = ciphertext[:8]
        if len(ciphertext) < 36 or int.from_bytes(head, "big") != self.generation:
            raise Refused("CORRUPT", f"not made under generation {self.generation} of {self.name}")
        try:
            return self._cipher().decrypt(ciphertext[8:20], ciphertext[20:], head + associated)
        except InvalidTag:
            raise Refused("CORRUPT", f"not made by {self.name}, or changed since") from None

    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        from reseal.hashes import expand, extract

        return AESGCM(expand(extract(b"reseal/v1/app-key", self.reveal()), self.name.encode(), 32))

    def erase(self) -> None:
        for place in range(len(self._secret)):
            self._secret[place] = 0
        self._secret.clear()


class Keyring:
    """All generations that this instance has installed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._generations: dict[int, dict[str, KeyGeneration]] = {}
        self.active = 0

    def add(self, generations: list[Generation]) -> None:
        """Adds what is new; what was current stays so."""
        with self.lock:
            for generation in generations:
                held = self._generations.setdefault(generation.gen, {})
                for name, secret in generation.keys.items():
                    if name not in held:
                        held[name] = KeyGeneration(name, generation.gen, generation.state, secret)

    def install(self, generations: list[Generation]) -> None:
        """Adds what is new; older ones become decrypt-only, the active one of the keyset is current."""
        self.add(generations)
        with self.lock:
            for generation in generations:
                for key in self._generations[generation.gen].values():
                    key.state = generation.state
                if generation.state == ACTIVE:
                    self.active = generation.gen
            for number, held in self._generations.items():
                for key in held.values():
                    if number != self.active and key.state == ACTIVE:
                        key.state = DEACTIVATED

    def withdraw(self) -> None:
        """Takes what was added above the current generation out again."""
        with self.lock:
            for number in [number for number in self._generations if number > self.active]:
                self._erase(number)

    def retire(self, numbers: tuple[int, ...]) -> None:
        with self.lock:
            for number in numbers:
                if number != self.active:
                    self._erase(number)

    def erase(self) -> None:
        with self.lock:
            for number in list(self._generations):
                self._erase(number)
            self.active = 0

    def _erase(self, number: int) -> None:
        for key in self._generations.pop(number, {}).values():
            key.erase()

    def current(self, name: str) -> KeyGeneration:
        with self.lock:
            key = self._generations.get(self.active, {}).get(name)
        if key is None:
            raise Refused("WRONG_STATE", f"no key {name!r} is installed: keys come with the activation")
        return key

    def find(self, name: str, generation: int) -> KeyGeneration | None:
        with self.lock:
            return self._generations.get(generation, {}).get(name)

    def newest_first(self, name: str) -> Iterator[KeyGeneration]:
        with self.lock:
            numbers = sorted(self._generations, reverse=True)
            found = [self._generations[number][name] for number in numbers if name in self._generations[number]]
        return iter(found)


class Key:
    """The handle of a declared key; made by ``App.key``."""

    def __init__(self, ring: Keyring, name: str, keep: int | None) -> None:
        self._ring = ring
        self.name = name
        self.keep = keep

    def __repr__(self) -> str:
        return f"<Key {self.name}>"

    def current(self) -> KeyGeneration:
        """The generation that protects new data now."""
        return self._ring.current(self.name)

    def frozen(self) -> KeyGeneration:
        """As :meth:`current`: one generation to use for a whole operation or request."""
        return self._ring.current(self.name)

    def reveal(self) -> bytes:
        """The bytes of the current generation, for a password-like secret."""
        return self.current().reveal()

    def decrypt_any(self, ciphertext: bytes, decrypt: Callable[[KeyGeneration, bytes], T] | None = None) -> T | bytes:
        """Decrypts with whichever live generation made it.

        ``decrypt`` is for ciphertexts of the application's own form: it is tried with each generation,
        newest first, until one does not raise.
        """
        if decrypt is None:
            key = self._ring.find(self.name, int.from_bytes(ciphertext[:8], "big"))
            if key is None:
                raise Refused("KEY_DESTROYED", f"the generation of {self.name} that made this is not live here")
            return key.decrypt(ciphertext)
        last: Exception | None = None
        for key in self._ring.newest_first(self.name):
            try:
                return decrypt(key, ciphertext)
            except Exception as failure:  # the application's cipher has its own exceptions
                last = failure
        raise Refused("KEY_DESTROYED", f"no live generation of {self.name} opens this") from last
