"""The table in the code is the table in the specification."""

import pathlib

import pytest

from reseal.errors import Refused
from reseal.machine import MESSAGES, State, step

TABLE = pathlib.Path(__file__).resolve().parents[2] / "spec" / "instance.vec"
ROWS = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
CELLS = [(row[0], state, cell) for row in ROWS[1:] for state, cell in zip(ROWS[0][1:], row[1:], strict=True)]


def test_the_table_has_the_same_states_and_messages_as_the_code() -> None:
    assert [state.value for state in State] == ROWS[0][1:]
    assert set(MESSAGES) == {row[0] for row in ROWS[1:]}


@pytest.mark.parametrize(("message", "state", "cell"), CELLS)
def test_every_cell_holds(message: str, state: str, cell: str) -> None:
    if cell.startswith("-"):
        with pytest.raises(Refused) as refusal:
            step(State(state), message)
        assert refusal.value.rule == cell[1:]
    else:
        assert step(State(state), message) is (State(state) if cell == "." else State(cell))
