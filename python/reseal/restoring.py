"""A granted state on its way in: footer first, then decrypted into staging, then the application's (protocol 5.6)."""

from __future__ import annotations

import threading

from reseal import rsc1
from reseal.ahead import Ahead
from reseal.courier import Courier, Host
from reseal.errors import Refused, ResealError, say, where
from reseal.instance import Instance, Opened
from reseal.link import LinkError
from reseal.messages import Grant
from reseal.records import Staging
from reseal.segments import Streamed
from reseal.unsealing import Segments, read_rounds

__all__ = ["Restoring"]


class Restoring(Courier):
    """The lock is held around each step of the instance and never while a container is streamed."""

    def __init__(self, instance: Instance, host: Host, ahead: Ahead) -> None:
        super().__init__(instance, ahead.link, host)
        self._lock = threading.RLock()
        self._ahead = ahead

    def _failed(self, name: str, failure: BaseException) -> None:
        """DEAD, and why; of an application's exception only the type leaves the instance."""
        if isinstance(failure, ResealError):
            rule = failure.rule if isinstance(failure, Refused) else "UNAVAILABLE"
            detail = str(failure)
        else:
            rule, detail = "HOOK", f"the application's hook raised {where(failure)}"
        say(f"{name}: {rule}: {detail}")
        with self._lock:
            self.instance.die(name)
        self._tell(name, {1: rule, 2: detail} if name == "restore-failed" else {1: detail})
        self._host.dead(rule)

    def _granted(self) -> None:
        if self.instance.policy is not None:
            self._host.granted(self.instance.policy)

    def _restore(self, grant: Grant) -> bytes:
        self._granted()
        body = grant.body_id or b""
        held = self._ahead.take(body)
        if held is not None:
            footer = rsc1.read_tail(bytes(held.content[-rsc1.TAIL :]), len(held.content))
            opened, staging = self._read(held, footer)
        else:
            path = f"/container/{body.hex()}"
            footer = self._footer(path)
            with self._link.get(path) as download:
                if download.response.status != 200:
                    raise LinkError(f"GET {path}: status {download.response.status}")
                opened, staging = self._read(Streamed(download), footer)
        self._host.adopt(staging.finish(), staging.highest)
        with self._lock:
            return self.instance.restored(opened)

    def _read(self, source: Segments, footer: bytes) -> tuple[Opened, Staging]:
        core, file_slots = rsc1.read_beginning(source)
        with self._lock:
            opened = self.instance.open_state(core, footer)
        most = self.instance.policy.state_max if self.instance.policy else 0
        staging = self._host.staging(most)
        read_rounds(source, 16 + len(core) + len(file_slots), core, footer, opened.keys, staging.accept)
        return opened, staging

    def _footer(self, path: str) -> bytes:
        """From the end of the container, so that its body_id is known before anything is decrypted."""
        with self._link.get(path, rsc1.TAIL) as download:
            if download.response.status == 206:
                total = download.response.headers.get("content-range", "").rpartition("/")[2]
                tail = download.response.whole(rsc1.TAIL)
                if not total.isdecimal():
                    raise LinkError("a partial answer without Content-Range")
                return rsc1.read_tail(tail, int(total))
            if download.response.status != 200:
                raise LinkError(f"GET {path}: status {download.response.status}")
            size, last = 0, b""
            buffer = memoryview(bytearray(1 << 20))
            while count := download.readinto(buffer):
                size += count
                last = (last + bytes(buffer[:count]))[-rsc1.TAIL :]
            return rsc1.read_tail(last, size)
