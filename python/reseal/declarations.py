"""What an application declares before it starts: states, keys, hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from reseal.errors import Refused
from reseal.gate import ANSWERS
from reseal.keyring import Key, Keyring
from reseal.state import Ledger, State

__all__ = ["ANSWERS", "SCHEMA", "SNAPSHOT", "Declarations"]

F = TypeVar("F", bound=Callable[..., Any])

SCHEMA = "reseal/schema"
SNAPSHOT = "reseal/snapshot/"


class Declarations:
    """Names and hooks; closed once the application has started."""

    def __init__(self, drain_timeout: float) -> None:
        self.drain_timeout = drain_timeout
        self._ring = Keyring()
        self._ledger = Ledger(self._may_write)
        self._ledger.stores[ANSWERS] = {}
        self._states: dict[str, State[Any]] = {}
        self._keys: dict[str, Key] = {}
        self._on_key: dict[str, Callable[[Any, Any, str], Any]] = {}
        self._on_quiesce: list[tuple[Callable[[], Any], float]] = []
        self._on_resume: list[Callable[[], Any]] = []
        self._on_identity: list[Callable[[], Any]] = []
        self._snapshots: dict[str, tuple[Callable[[], Any], int]] = {}
        self._restores: dict[str, tuple[Callable[[Any, int], Any], tuple[int, ...]]] = {}
        self._started = False

    @property
    def states(self) -> Mapping[str, State[Any]]:
        """Every declared state by name."""
        return MappingProxyType(self._states)

    @property
    def keys(self) -> Mapping[str, Key]:
        """Every declared key by name."""
        return MappingProxyType(self._keys)

    def _may_write(self) -> None:
        """Raises if the state may not be written now."""
        raise NotImplementedError

    def state(
        self,
        name: str,
        of: Any,
        schema_version: int = 1,
        migrate: Mapping[int, Callable[[Any], Any]] | None = None,
    ) -> State[Any]:
        """A mapping whose content outlives the instance. Keys are str, int or bytes.

        ``of`` is str, int, float, bool, bytes, None, list, dict or a dataclass of these; anything else
        raises ``TypeError`` here. ``migrate`` maps an older schema version to a function that turns its
        values into those of the next version.
        """
        self._declaring(name, self._states)
        state: State[Any] = State(self._ledger, name, of, schema_version, migrate)
        self._states[name] = state
        return state

    def key(self, name: str, keep: int | None = 1) -> Key:
        """A handle on the key of this purpose; its bytes come from the authority with the activation.

        ``keep`` is how many older generations stay readable after a new one is installed; with None
        they stay until :meth:`raise_floor`.
        """
        self._declaring(name, self._keys)
        if keep is not None and not 0 <= keep < 16:
            raise ValueError(f"keep={keep} is not between 0 and 15")
        self._keys[name] = key = Key(self._ring, name, keep)
        return key

    def on_key(self, name: str) -> Callable[[F], F]:
        """Called with old (None at first) and new generation and the reason, before the first request."""
        if name not in self._keys:
            raise ValueError(f"key {name!r} is not declared: call app.key({name!r}) first")
        return self._hook(lambda hook: self._on_key.__setitem__(name, hook))

    def on_quiesce(self, timeout: float) -> Callable[[F], F]:
        """Called at a re-seal when no request is in flight; past its seconds the re-seal is given up."""
        return self._hook(lambda hook: self._on_quiesce.append((hook, timeout)))

    def on_resume(self, hook: F) -> F:
        """Called whenever this instance begins to serve, also after an aborted re-seal."""
        return self._hook(self._on_resume.append)(hook)

    def on_identity_change(self, hook: F) -> F:
        """Called when this instance begins to serve for the first time: new instance, new epoch."""
        return self._hook(self._on_identity.append)(hook)

    def snapshot(self, name: str, version: int) -> Callable[[F], F]:
        """The hook returns a value (of the types that a state can hold) that is sealed with the state."""
        return self._hook(lambda hook: self._snapshots.__setitem__(name, (hook, version)))

    def restore(self, name: str, versions: tuple[int, ...]) -> Callable[[F], F]:
        """The hook is given that value and its version in the next instance."""
        return self._hook(lambda hook: self._restores.__setitem__(name, (hook, versions)))

    def _hook(self, add: Callable[[Any], Any]) -> Callable[[F], F]:
        def decorate(hook: F) -> F:
            self._undecided()
            add(hook)
            return hook

        return decorate

    def _declaring(self, name: str, names: Mapping[str, object]) -> None:
        self._undecided()
        if not name or name in names or name.startswith("reseal/"):
            raise ValueError(f"name {name!r} is empty, taken or reserved")

    def _undecided(self) -> None:
        if self._started:
            raise Refused("WRONG_STATE", "declare states, keys and hooks before the application starts")
