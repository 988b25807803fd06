"""``reseal.App``: what runs around an application's declarations."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from reseal import _launch, cbor
from reseal.declarations import SCHEMA, SNAPSHOT, Declarations
from reseal.errors import Refused, say, where
from reseal.gate import ANSWERS
from reseal.keyring import Keyring
from reseal.machine import State as Phase
from reseal.messages import Generation, Policy, app_report_data
from reseal.records import Key as StateKey
from reseal.records import Staging, frame, store_head, value_of
from reseal.state import Ledger, State

__all__ = ["App"]


_WRITABLE = (Phase.INSTALLING, Phase.SERVING, Phase.QUIESCING)


class App(Declarations):
    """One service. Inside an instance its state outlives it; elsewhere it is in-memory and says so.

    ``drain_timeout`` bounds, in seconds, how long requests in flight may take at a re-seal.
    """

    def __init__(self, *, drain_timeout: float = 10.0) -> None:
        super().__init__(drain_timeout)
        self._raised_floor = 0
        self._forked = False
        self._phase = Phase.BORN
        self._runtime: Any = None
        os.register_at_fork(after_in_child=self._in_child)

    # -- what an application may ask

    def quote(self, data: bytes) -> bytes:
        """A quote over any bytes, under its own tag: it never passes as evidence of an instance."""
        self._alive()
        if self._runtime is None or self._runtime.platform is None:
            raise Refused("UNAVAILABLE", "development mode has no platform that could quote")
        quote: bytes = self._runtime.platform.quote(app_report_data(data))
        return quote

    def raise_floor(self, generation: int) -> None:
        """Says that nothing depends on generations below this one any more."""
        self._raised_floor = max(self._raised_floor, generation)
        self._lower_bound(self._ring.active)

    @property
    def phase(self) -> str:
        """The state of the instance (protocol 8), or DEVELOPMENT."""
        return "DEVELOPMENT" if self._development else self._phase.value

    @property
    def _development(self) -> bool:
        return self._runtime is not None and self._runtime.platform is None

    def serve(self, wsgi_app: Callable[..., Iterable[bytes]]) -> NoReturn:
        """Runs the application in attested TLS until the instance is over. Does not return."""
        self.start(wsgi_app)
        code = self._runtime.wait()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # threads of requests that never end must not keep an instance that is over

    def start(self, wsgi_app: Callable[..., Iterable[bytes]] | None = None) -> None:
        """As :meth:`serve`, without waiting for the end."""
        if _launch.device_fd >= 0:
            from reseal.runtime import Runtime

            self.start_in(Runtime.launched(self, wsgi_app or _nothing))
        else:
            from reseal.development import Development

            self.start_in(Development(self, wsgi_app or _nothing))

    def start_in(self, runtime: Any) -> None:
        """Starts in surroundings of the caller's choice; ``reseal.testing`` makes some."""
        self._alive()
        self._undecided()
        self._started = True
        self._runtime = runtime
        runtime.start()

    # -- fork

    def _in_child(self) -> None:
        self._forked = True
        self._phase = Phase.DEAD
        # Whoever held these is no thread of this process.
        self._ring.lock = threading.Lock()
        self._ledger.lock = threading.RLock()
        self._ring.erase()
        self._ledger.erase()
        if self._runtime is not None:
            self._runtime.forked()

    def _alive(self) -> None:
        if self._forked:
            raise Refused(
                "WRONG_STATE",
                "this process was forked from an instance and is none: keys and state are erased here; use threads",
            )

    def _may_write(self) -> None:
        self._alive()
        if self._phase not in _WRITABLE:
            raise Refused(
                "WRONG_STATE",
                f"the instance is {self._phase.value}: state is written from on_key, on_resume or a request on",
            )

    # -- what the runtime asks (engine.Host, but for what needs the server)

    def moved(self, phase: Phase) -> None:
        self._phase = phase

    def granted(self, policy: Policy) -> None:
        self._ledger.state_max = policy.state_max
        missing = sorted(set(self._keys) - set(policy.purposes))
        if missing:
            raise Refused(
                "POLICY_REFUSED",
                f"this application declares the key {missing[0]!r}, the policy has only {sorted(policy.purposes)}: "
                "add it to the purposes of the policy first",
            )

    def seal_records(self) -> tuple[int, list[list[bytes]]]:
        documents = {name: hook() for name, (hook, _) in self._snapshots.items()}
        with self._ledger.lock:
            version = self._ledger.version
            schema: dict[StateKey, bytes] = {}
            own: list[list[bytes]] = []
            for name, state in self._states.items():
                version = self._add(schema, SCHEMA, name, version, [state.codec.name, state.schema_version])
            for name, (_, number) in self._snapshots.items():
                version = self._add(schema, SCHEMA, SNAPSHOT + name, version, ["snapshot", number])
                kept: dict[StateKey, bytes] = {}
                version = self._add(kept, SNAPSHOT + name, "value", version, documents[name])
                own.append(list(kept.values()))
            self._ledger.version = version
            updates = self._ledger.updates
            rest = [
                list(records.values())
                for name, records in self._ledger.stores.items()
                if name != SCHEMA and not name.startswith(SNAPSHOT)
            ]
            records = [list(schema.values()), *own, *rest]
            size = sum(len(framed) for each in (records[0], *own) for framed in each) + self._ledger.size
            if size > self._ledger.state_max:
                raise Refused("POLICY", f"state and snapshots have {size} bytes, state_max is {self._ledger.state_max}")
            return updates, records

    def _add(self, into: dict[StateKey, bytes], store: str, key: str, version: int, value: Any) -> int:
        into[key] = frame(store_head(store), key, version + 1, cbor.encode_value(value))
        return version + 1

    def staging(self, most: int) -> Staging:
        self._schemas: dict[str, tuple[str, int]] = {}
        self._unchecked: set[str] = set()
        return Staging(most, self._check)

    def _check(self, store: str, key: StateKey, value: Any) -> None:
        state = self._states.get(store)
        if state is not None:
            if self._schemas.get(store) == (state.codec.name, state.schema_version):
                state.codec.check(value)
            else:
                self._unchecked.add(store)
        elif store == SCHEMA:
            if type(key) is not str or type(value) is not list or [type(each) for each in value] != [str, int]:
                raise Refused("RECORD", "a schema that is not a type name and a version")
            self._schemas[key] = value[0], value[1]
        elif store != ANSWERS and not store.startswith(SNAPSHOT):
            raise Refused("RECORD", f"store {store!r} is sealed, but this image declares no such state")

    def adopt(self, stores: dict[str, dict[StateKey, bytes]], highest: int) -> None:
        """Compares schemas, migrates, and gives snapshots to their hooks."""
        for name, state in self._states.items():
            if name in stores:
                highest = self._migrate(state, stores[name], self._schemas.get(name), highest)
        with self._ledger.lock:
            self._ledger.replace({name: each for name, each in stores.items() if name != SCHEMA}, highest)
            self._ledger.stores[SCHEMA] = {}
        for store in [store for store in stores if store.startswith(SNAPSHOT)]:
            hook, versions = self._restores.get(store.removeprefix(SNAPSHOT), (None, ()))
            schema = self._schemas.get(store)
            if hook is None or schema is None or schema[1] not in versions:
                raise Refused(
                    "RECORD", f"no restore hook of this image takes {store} of version {schema and schema[1]}"
                )
            value = stores[store].get("value")
            if value is not None:
                hook(cbor.decode_value(value_of(value, store_head(store))), schema[1])

    def _migrate(
        self, state: State[Any], records: dict[StateKey, bytes], schema: tuple[str, int] | None, highest: int
    ) -> int:
        if schema is None:
            if records:
                raise Refused("RECORD", f"state {state.name!r} is sealed without its schema")
            return highest
        if schema == (state.codec.name, state.schema_version) and state.name not in self._unchecked:
            return highest
        head = store_head(state.name)
        for key, framed in records.items():
            value = cbor.decode_value(value_of(framed, head))
            for version in range(schema[1], state.schema_version):
                if version not in state.migrate:
                    break
                value = state.migrate[version](value)
            else:
                if schema[1] <= state.schema_version:
                    encoded = cbor.encode_value(value)
                    state.codec.check(cbor.decode_value(encoded))
                    highest += 1
                    records[key] = frame(head, key, highest, encoded)
                    continue
            raise Refused(
                "RECORD",
                f"state {state.name!r} is sealed as {schema[0]} version {schema[1]}; "
                f"this image reads {state.codec.name} version {state.schema_version}",
            )
        return highest

    def install_keys(self, reason: str, generation: int) -> None:
        for name in self._keys:
            new = self._ring.find(name, generation)
            if new is None:
                raise Refused("WRONG_STATE", f"generation {generation} has no key {name!r}")
            older = (each for each in self._ring.newest_first(name) if each.generation < generation)
            if name in self._on_key:
                self._on_key[name](next(older, None), new, reason)
        self._lower_bound(generation)

    def _lower_bound(self, active: int) -> None:
        """The oldest generation that something here still depends on."""
        floor = active
        for key in self._keys.values():
            floor = min(floor, self._raised_floor if key.keep is None else active - key.keep)
        if self._runtime is not None:
            self._runtime.floor(max(floor, self._raised_floor))

    def run_quiesce_hooks(self, deadline: float) -> bool:
        """Whether each ended in time and without an exception."""
        for hook, timeout in self._on_quiesce:
            done: list[bool] = []

            def run(hook: Callable[[], Any] = hook, done: list[bool] = done) -> None:
                try:
                    hook()
                    done.append(True)
                except BaseException as failure:
                    say(f"on_quiesce: {where(failure)}")

            thread = threading.Thread(target=run, name="reseal-quiesce", daemon=True)
            thread.start()
            thread.join(max(0.0, min(timeout, deadline - time.monotonic())))
            if not done:
                return False
        return True

    def run_resume_hooks(self, first: bool) -> None:
        for hook in (*(self._on_identity if first else ()), *self._on_resume):
            try:
                hook()
            except BaseException as failure:  # the instance serves: that a hook failed must not end it
                say(f"on_resume: {where(failure)}")

    def develop(self, generation: Generation) -> None:
        """Development mode: keys made here, state writable."""
        self._phase = Phase.INSTALLING
        self._ring.install([generation])
        self.install_keys("development", generation.gen)
        self._phase = Phase.SERVING
        self.run_resume_hooks(first=True)

    @property
    def declared_keys(self) -> list[str]:
        return list(self._keys)

    @property
    def ledger(self) -> Ledger:
        return self._ledger

    @property
    def ring(self) -> Keyring:
        return self._ring


def _nothing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"this instance has no web application\n"]
