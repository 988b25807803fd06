"""The container that will probably be granted, read while evidence and grant are on their way (transport T3)."""

from __future__ import annotations

import threading

from reseal.link import Link, LinkError
from reseal.memory import buffers

__all__ = ["Ahead", "Held"]

ROOM = 16 << 20


class Held:
    """A container in memory; a source like the stream of one."""

    def __init__(self, content: memoryview) -> None:
        self.content = content
        self._at = 0

    def readinto(self, target: memoryview, /) -> int:
        part = self.content[self._at : self._at + len(target)]
        target[: len(part)] = part
        self._at += len(part)
        return len(part)


class Ahead:
    """Decides nothing: it counts only if the grant names this body, and is then checked like any stream.

    ``body`` is the hex of a body_id as the host advises it, or empty. A container of more than ``ROOM``
    bytes is left to the stream.
    """

    def __init__(self, link: Link, body: str) -> None:
        self._link = link
        self._body = body
        self._content: memoryview | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        if len(self._body) == 64 and set(self._body) <= set("0123456789abcdef"):
            self._thread = threading.Thread(target=self._read, name="reseal-ahead", daemon=True)
            self._thread.start()

    def take(self, body: bytes) -> Held | None:
        """What was read, once; None if it is another container, or not whole."""
        if self._thread is None or body.hex() != self._body:
            return None
        self._thread.join()
        content, self._content, self._thread = self._content, None, None
        return None if content is None else Held(content)

    def _read(self) -> None:
        try:
            with self._link.get(f"/container/{self._body}") as download:
                size = int(download.response.headers.get("content-length", "0"))
                if download.response.status != 200 or not 0 < size <= ROOM:
                    return
                content = buffers(1, size)[0]
                at = 0
                while at < size and (count := download.readinto(content[at:])):
                    at += count
        except LinkError:
            return  # the grant's own download says what is wrong
        if at == size:
            self._content = content
