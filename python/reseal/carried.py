"""What an application declared, on its way into a container and out of one (protocol 5.4)."""

from __future__ import annotations

from typing import Any

from reseal import cbor
from reseal.declarations import ANSWERS, SCHEMA, SNAPSHOT, Declarations
from reseal.errors import Refused
from reseal.records import Key, Staging, frame, store_head, value_of
from reseal.state import State

__all__ = ["Carried"]

VERSION_GROWS = 8
"""By how many bytes at most a record is longer under a later version."""


class Carried(Declarations):
    """Schemas and snapshots travel beside the states; a restore compares and migrates."""

    def seal_records(self) -> tuple[int, list[list[bytes]]]:
        documents = {name: hook() for name, (hook, _) in self._snapshots.items()}
        with self._ledger.lock:
            schema = self._schema()
            snapshots = [self._framed(SNAPSHOT + name, "value", value) for name, value in documents.items()]
            self._reserve([*schema, *snapshots])
            size = self._ledger.size + sum(map(len, (*schema, *snapshots)))
            if size > self._ledger.state_max:
                raise Refused("POLICY", f"state and snapshots have {size} bytes, state_max is {self._ledger.state_max}")
            stores = [list(records.values()) for records in self._ledger.stores.values()]
            return self._ledger.updates, [schema, *([each] for each in snapshots), *stores]

    def _reserve(self, added: list[bytes]) -> None:
        """Keeps room for what a container adds, so that a state that could be written can be sealed."""
        self._ledger.reserved = sum(len(framed) + VERSION_GROWS for framed in added)

    def _schema(self) -> list[bytes]:
        declared = {name: [state.codec.name, state.schema_version] for name, state in self._states.items()}
        declared |= {SNAPSHOT + name: ["snapshot", number] for name, (_, number) in self._snapshots.items()}
        return [self._framed(SCHEMA, name, value) for name, value in declared.items()]

    def _framed(self, store: str, key: str, value: Any) -> bytes:
        self._ledger.version += 1
        return frame(store_head(store), key, self._ledger.version, cbor.encode_value(value))

    def staging(self, most: int) -> Staging:
        self._schemas: dict[str, tuple[str, int]] = {}
        self._unchecked: set[str] = set()
        return Staging(most, self._check)

    def _check(self, store: str, key: Key, value: Any) -> None:
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

    def adopt(self, stores: dict[str, dict[Key, bytes]], highest: int) -> None:
        """Compares schemas, migrates, and gives snapshots to their hooks."""
        for name, state in self._states.items():
            if name in stores:
                highest = self._migrate(state, stores[name], self._schemas.get(name), highest)
        sealed = {name: stores.pop(name) for name in list(stores) if name == SCHEMA or name.startswith(SNAPSHOT)}
        sealed.pop(SCHEMA, None)
        self._ledger.replace(stores, highest)
        self._reserve([*self._schema(), *(framed for records in sealed.values() for framed in records.values())])
        for store, records in sealed.items():
            hook, versions = self._restores.get(store.removeprefix(SNAPSHOT), (None, ()))
            schema = self._schemas.get(store)
            if hook is None or schema is None or schema[1] not in versions:
                raise Refused(
                    "RECORD", f"no restore hook of this image takes {store} of version {schema and schema[1]}"
                )
            value = records.get("value")
            if value is not None:
                hook(cbor.decode_value(value_of(value, store_head(store))), schema[1])

    def _migrate(
        self, state: State[Any], records: dict[Key, bytes], schema: tuple[str, int] | None, highest: int
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
