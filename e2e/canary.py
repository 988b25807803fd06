"""Looks for secrets where no secret may be: files, and everything of a process that its owner can read.

A canary is a byte string that was planted as a secret. It is searched raw, in hex (both cases) and in base64 at each of the three
alignments, wrapped or not; the secret number of a key also as libraries for big numbers keep it. Every scan carries a positive
control: a canary that was put there on purpose and must be found.
"""

from __future__ import annotations

import base64
import mmap
import os
import pathlib
import stat
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

_BLOCK_BYTES = 4 << 20
_PAGE = mmap.PAGESIZE
_PRESENT, _SWAPPED, _FILE_OR_SHARED = 1 << 63, 1 << 62, 1 << 61
"""Of an entry of /proc/PID/pagemap."""

_TEXT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_NO_TEXT = bytes(set(range(256)) - set(_TEXT))
_AS_TEXT = bytes.maketrans(b"-_", b"+/")
"""Text is searched without what stands between its characters: lines of PEM are one, so is hex with colons."""

_NO_READING = ("[vvar]", "[vsyscall]", "[vvar_vclock]")


@dataclass(frozen=True)
class Canary:
    """A planted secret of at least 12 bytes; shorter ones would be found by chance in base64. ``number``: a private key's."""

    name: str
    content: bytes
    number: bool = False

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
        if self.number:
            forms["limbs"] = self.content[::-1]
            words = struct.unpack(f">{len(self.content) // 4}I", self.content)
            forms["words"] = struct.pack(f"<{len(words)}I", *words)
        return forms


@dataclass(frozen=True)
class Hit:
    """A canary that was found: which one, in which form, where."""

    canary: str
    form: str
    place: str


Needle = tuple[str, str, bytes]
"""Canary, form, what to search for."""


class _Needles:
    """What to search for in a stream.

    A needle of 15 bytes has a whole aligned word of 8 in it, wherever it lies. A window with none of these words holds
    none of these needles, and is done with in one pass however many they are.
    """

    def __init__(self, needles: list[Needle]) -> None:
        self._all = needles
        self._short = [each for each in needles if len(each[2]) < 15]
        self._words = {
            int.from_bytes(needle[shift : shift + 8], sys.byteorder)
            for _, _, needle in needles
            if len(needle) >= 15
            for shift in range(8)
        }
        self._most = max((len(needle) for _, _, needle in needles), default=1) - 1

    def within(self, window: bytes) -> Iterator[tuple[str, str]]:
        """Canary and form of whatever is in the window."""
        words = memoryview(window)[: len(window) // 8 * 8].cast("Q")
        for name, form, needle in self._short if self._words.isdisjoint(words) else self._all:
            if needle in window:
                yield name, form

    def tail(self, window: bytes) -> bytes:
        """What of a window may be the beginning of a needle."""
        return window[-self._most :] if self._most else b""


class Scanner:
    """Searches byte streams for a set of canaries."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        needles = [(c.name, form, needle) for c in canaries for form, needle in c.forms().items()]
        texts = [each for each in needles if each[1].lower().startswith(("hex", "base64"))]
        self._texts = _Needles(texts)
        self._bytes = _Needles([each for each in needles if each not in texts])

    def blocks(self, blocks: Iterable[bytes], place: str) -> Iterator[Hit]:
        """Hits in a stream of blocks, also across their borders; each (canary, form) at most once."""
        window, text = b"", b""
        seen: set[tuple[str, str]] = set()
        for block in blocks:
            window += block
            text += block.translate(_AS_TEXT, _NO_TEXT)
            for name, form in (*self._bytes.within(window), *self._texts.within(text)):
                if (name, form) not in seen:
                    seen.add((name, form))
                    yield Hit(name, form, place)
            window, text = self._bytes.tail(window), self._texts.tail(text)

    def file(self, path: pathlib.Path) -> Iterator[Hit]:
        """Hits in one file."""
        yield from self.blocks(_content(path), str(path))

    def tree(self, root: pathlib.Path, leave_out: Iterable[pathlib.Path] = ()) -> Iterator[Hit]:
        """Hits in every regular file below root, except below the folders or files left out."""
        spared = [path.resolve() for path in leave_out]
        for path in sorted(root.rglob("*")):
            if path.is_file() and not any(path.resolve().is_relative_to(spare) for spare in spared):
                yield from self.file(path)

    def surface(self, pid: int) -> Iterator[Hit]:
        """Hits in what a live process shows without its memory: arguments, environment, open regular files.

        A file is read through its descriptor, so that one without a name is read too.
        """
        proc = pathlib.Path("/proc", str(pid))
        for name in ("cmdline", "environ"):
            yield from self.blocks([(proc / name).read_bytes()], f"{proc}/{name}")
        for link in sorted((proc / "fd").iterdir()):
            try:
                if stat.S_ISREG(link.stat().st_mode):
                    yield from self.blocks(_content(link), os.readlink(link))
            except FileNotFoundError:
                continue  # closed between listing and reading

    def process(self, pid: int) -> Iterator[Hit]:
        """Hits in a live process: what it shows, and all readable memory."""
        yield from self.surface(pid)
        proc = pathlib.Path("/proc", str(pid))
        yield from self.blocks(_joined(self._memory(proc)), f"{proc}/mem")

    @staticmethod
    def _memory(proc: pathlib.Path) -> Iterator[bytes]:
        """All pages that hold anything of their own: what is mapped from a file and unchanged is in the file."""
        with (proc / "mem").open("rb", buffering=0) as memory, (proc / "pagemap").open("rb", buffering=0) as pages:
            for line in (proc / "maps").read_text().splitlines():
                span, rights, *_ = line.split()
                if not rights.startswith("r") or line.endswith(_NO_READING):
                    continue
                start, end = (int(part, 16) for part in span.split("-"))
                for first, last in _runs(pages, start // _PAGE, end // _PAGE, shared=rights.endswith("s")):
                    yield from _read(memory, first * _PAGE, last * _PAGE)


def _content(path: pathlib.Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            yield block


def _runs(pages: IO[bytes], start: int, end: int, shared: bool) -> Iterator[tuple[int, int]]:
    """Runs of pages that are in memory or swapped out; of private mappings only those that are no page of a file."""
    mask = _PRESENT | _SWAPPED
    at, run = start, start
    while at < end:
        pages.seek(at * 8)
        found = pages.read(min(end - at, 1 << 16) * 8)
        if not found:
            break
        for (entry,) in struct.iter_unpack("<Q", found):
            if not entry & mask or (entry & _FILE_OR_SHARED and not shared):
                if run < at:
                    yield run, at
                run = at + 1
            at += 1
    if run < at:
        yield run, at


def _read(memory: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    while start < end:
        try:
            memory.seek(start)
            block = memory.read(min(_BLOCK_BYTES, end - start))
        except (OSError, ValueError):
            return  # unmapped meanwhile
        if not block:
            return
        yield block
        start += len(block)


def _joined(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks that are worth a search."""
    held, size = [], 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size >= _BLOCK_BYTES:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)
