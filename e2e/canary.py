"""Looks for secrets where no secret may be: files, and everything of a process that its owner can read.

A canary is a byte string that was planted as a secret. It is searched raw, in hex (both cases) and in base64 at each of the three
alignments. Every scan carries a positive control: a canary that was put there on purpose and must be found.
"""

from __future__ import annotations

import base64
import os
import pathlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_BLOCK_BYTES = 4 << 20


@dataclass(frozen=True)
class Canary:
    """A planted secret of at least 12 bytes; shorter ones would be found by chance in base64."""

    name: str
    content: bytes

    def forms(self) -> dict[str, bytes]:
        """The byte strings to search for, by the name of the form."""
        if len(self.content) < 12:
            raise ValueError(f"canary {self.name}: {len(self.content)} bytes, need 12")
        forms = {"raw": self.content, "hex": self.content.hex().encode(), "HEX": self.content.hex().upper().encode()}
        for shift in range(3):
            # Characters at the ends depend on neighbouring bytes; what lies between them does not.
            text = base64.b64encode(bytes(shift) + self.content + bytes(3))
            start = (shift * 8 + 5) // 6
            stop = (shift + len(self.content)) * 8 // 6
            forms[f"base64+{shift}"] = text[start:stop]
        return forms


@dataclass(frozen=True)
class Hit:
    """A canary that was found: which one, in which form, where."""

    canary: str
    form: str
    place: str


class Scanner:
    """Searches byte streams for a set of canaries."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._needles = [(c.name, form, needle) for c in canaries for form, needle in c.forms().items()]
        self._overlap = max((len(needle) for _, _, needle in self._needles), default=1) - 1

    def blocks(self, blocks: Iterable[bytes], place: str) -> Iterator[Hit]:
        """Hits in a stream of blocks, also across their borders; each (canary, form) at most once."""
        tail, seen = b"", set()
        for block in blocks:
            window = tail + block
            for name, form, needle in self._needles:
                if (name, form) not in seen and needle in window:
                    seen.add((name, form))
                    yield Hit(name, form, place)
            tail = window[-self._overlap :] if self._overlap else b""

    def file(self, path: pathlib.Path) -> Iterator[Hit]:
        """Hits in one file."""

        def read() -> Iterator[bytes]:
            with path.open("rb") as stream:
                while block := stream.read(_BLOCK_BYTES):
                    yield block

        yield from self.blocks(read(), str(path))

    def tree(self, root: pathlib.Path, leave_out: Iterable[pathlib.Path] = ()) -> Iterator[Hit]:
        """Hits in every regular file below root, except below the folders or files left out."""
        spared = [path.resolve() for path in leave_out]
        for path in sorted(root.rglob("*")):
            if path.is_file() and not any(path.resolve().is_relative_to(spare) for spare in spared):
                yield from self.file(path)

    def process(self, pid: int) -> Iterator[Hit]:
        """Hits in a live process: arguments, environment, open regular files, and all readable memory."""
        proc = pathlib.Path("/proc", str(pid))
        for name in ("cmdline", "environ"):
            yield from self.blocks([(proc / name).read_bytes()], f"{proc}/{name}")
        for link in sorted((proc / "fd").iterdir()):
            try:
                target = pathlib.Path(os.readlink(link))
                if target.is_file() and not str(target).startswith(("/dev/", "/proc/")):
                    yield from self.file(target)
            except OSError:
                continue  # closed between listing and reading
        yield from self.blocks(self._memory(proc), f"{proc}/mem")

    @staticmethod
    def _memory(proc: pathlib.Path) -> Iterator[bytes]:
        with (proc / "mem").open("rb", buffering=0) as memory:
            for line in (proc / "maps").read_text().splitlines():
                span, rights, *_ = line.split()
                if not rights.startswith("r") or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                    continue
                start, end = (int(part, 16) for part in span.split("-"))
                while start < end:
                    try:
                        memory.seek(start)
                        block = memory.read(min(_BLOCK_BYTES, end - start))
                    except (OSError, ValueError):
                        break  # a reserved range without pages behind it
                    if not block:
                        break
                    yield block
                    start += len(block)
