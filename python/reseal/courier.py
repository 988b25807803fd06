"""What an instance says to its supervisor: who it is, where it stands, and its messages (transport T4)."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from reseal import cbor
from reseal.errors import ResealError, say
from reseal.instance import Instance
from reseal.link import Link, LinkError
from reseal.machine import State
from reseal.messages import Policy
from reseal.records import Key, Staging

__all__ = ["Courier", "Host", "refusal"]


class Host(Protocol):
    """What the engine asks of the application around the instance."""

    def granted(self, policy: Policy) -> None:
        """The policy under which this instance will run; ``Refused`` if the application cannot run under it."""

    def seal_records(self) -> tuple[int, list[list[bytes]]]:
        """How many updates it holds, and the records of the whole state, hooks included."""

    def staging(self, most: int) -> Staging:
        """Where a container is read into."""

    def adopt(self, stores: dict[str, dict[Key, bytes]], highest: int) -> None:
        """The staging store becomes the state; runs ``restore`` hooks."""

    def install_keys(self, reason: str, generation: int) -> None:
        """Runs ``on_key`` for a generation that was added."""

    def port(self) -> int:
        """Where the server listens."""

    def serving(self, resumed: bool) -> None:
        """SERVING was entered."""

    def holding(self) -> bool:
        """Whether acknowledgements wait for a checkpoint."""

    def drain(self) -> bool:
        """Admits nothing, finishes what is in flight; False at the deadline, and who came meanwhile waits."""

    def acknowledged(self, updates: int) -> None:
        """This many updates are in the registered head."""

    def dead(self, rule: str) -> None:
        """The instance is over."""


class Courier:
    """The calls of one instance; ``lost`` says that the supervisor must be told everything again."""

    def __init__(self, instance: Instance, link: Link, host: Host) -> None:
        self.instance = instance
        self._link = link
        self._host = host
        self._lost = True
        self._telling = threading.Lock()

    def _introduce(self) -> None:
        """Who we are and where we stand, for a supervisor that is new or was away."""
        self._lost = False  # first: what another thread fails to say meanwhile is said again
        instance = self.instance
        self._call("/born", cbor.encode([instance.id, instance.pk_sig, instance.pk_kem, instance.pk_tls]))
        self.moved()
        if instance.state is State.SERVING:
            self._event("serving", {1: self._host.port()})
        if instance.state is State.STANDBY and instance.ready is not None:
            self._call("/message/ready", instance.ready)
        if instance.state is State.LOCKED and instance.receipt is not None:
            self._call("/message/seal-receipt", instance.receipt)

    def _call(self, path: str, body: bytes) -> tuple[int, bytes]:
        status, content = self._link.post(path, body)
        if status == 409 and not path.startswith("/message/"):
            raise LinkError("the supervisor does not know this instance")  # it is told everything again
        return status, content

    def _event(self, name: str, fields: dict[int, Any]) -> None:
        self._call(f"/event/{name}", cbor.encode(fields))

    def _tell(self, name: str, fields: dict[int, Any]) -> None:
        """An event that may be lost: the supervisor learns it from the next introduction."""
        try:
            self._event(name, fields)
        except LinkError:
            self._lost = True

    def _announce(self, name: str, fields: dict[int, Any]) -> None:
        """As :meth:`_tell`, without waiting for the answer."""
        try:
            self._link.announce(f"/event/{name}", cbor.encode(fields), self._missed)
        except LinkError:
            self._lost = True

    def _missed(self) -> None:
        self._lost = True

    def moved(self) -> None:
        """The instance entered a state; called by it.

        Read and said at once: two threads say it, and the last that is heard must be the newest.
        """
        with self._telling:
            self._announce("state", {1: self.instance.state.value})

    def _send(self, path: str, message: bytes) -> None:
        """A message whose answer comes as advice; repeated by the next introduction if it is lost."""
        status, content = self._call(path, message)
        if status not in (200, 202):
            say(f"{path}: {refusal(status, content)}")


def refusal(status: int, content: bytes) -> str:
    try:
        fields = cbor.decode(content)
        return f"status {status}, {fields[2]}: {fields[3]}"
    except (ResealError, KeyError, TypeError):
        return f"status {status}"
