"""The instance state machine of protocol 8 as a table: the same one as ``spec/instance.vec``.

The tests read that file and hold every cell of it against ``step``.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from reseal.errors import Refused


class State(Enum):
    """Where an instance is in its life."""

    BORN = "BORN"
    RESTORING = "RESTORING"
    STANDBY = "STANDBY"
    INSTALLING = "INSTALLING"
    SERVING = "SERVING"
    QUIESCING = "QUIESCING"
    LOCKED = "LOCKED"
    DEAD = "DEAD"


_B, _R, _S, _I, _V, _Q, _L, _D = State

# What moves or is accepted; everything else is WRONG_STATE, but for the refusals below.
_MOVES: Final[dict[str, dict[State, State]]] = {
    "challenge": {_B: _B, _R: _R, _S: _S},
    "plat-check": {_B: _B, _V: _V},
    "grant": {_B: _R},
    "grant-genesis": {_B: _S},
    "grant-other": {},
    "restored": {_R: _S},
    "restore-failed": {_R: _D},
    "ready": {_S: _S},
    "activation": {_S: _I},
    "activation-other": {},
    "activation-fenced": {},
    "installed": {_I: _V},
    "install-failed": {_I: _D},
    "finish": {_V: _Q},
    "finish-other": {},
    "finish-fenced": {},
    "drained": {_Q: _L},
    "drain-deadline": {_Q: _V},
    "seal": {_L: _L},
    "abort": {_L: _V},
    "abort-other": {},
    "checkpoint": {_V: _V},
    "checkpoint-ack": {_V: _V, _Q: _Q},
    "renew": {_V: _V, _Q: _Q},
    "passport": {_V: _V, _Q: _Q, _L: _L},
    "rekey-grant": {_V: _V},
    "rekey-grant-old": {},
    "retired": {_V: _V, _Q: _Q, _L: _L},
    "fork": dict.fromkeys(State, _D),
}
_RULES: Final[dict[tuple[str, State], str]] = {
    ("grant-other", _B): "BINDING_MISMATCH",
    ("activation-other", _S): "BINDING_MISMATCH",
    ("activation-fenced", _S): "FENCED",
    ("finish-other", _V): "BINDING_MISMATCH",
    ("finish-fenced", _V): "FENCED",
    ("abort-other", _L): "FENCED",
    ("rekey-grant-old", _V): "FENCED",
}
MESSAGES: Final = tuple(_MOVES)


def step(state: State, message: str) -> State:
    """The next state; ``Refused`` names the rule and leaves everything as it is."""
    moved = _MOVES[message].get(state)
    if moved is None:
        rule = _RULES.get((message, state), "WRONG_STATE")
        raise Refused(rule, f"{message} is not obeyed in {state.value}")
    return moved
