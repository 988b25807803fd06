"""The table in the code is the table in the specification."""

from collections import deque

import pytest
from table import CELLS, ROWS, Steps

from reseal.app import App
from reseal.errors import Refused
from reseal.machine import MESSAGES, State, step
from reseal.testing import Lineage


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


def test_the_life_of_an_instance_is_recorded_and_a_doctored_one_is_named(recorded: deque[str]) -> None:
    with Lineage(App) as lineage:
        lineage.reseal()
    lines = list(recorded)
    newest = [line.split()[1] for line in lines if " installed SERVING" in line][-1]
    life = [line for line in lines if line.split()[1] == newest]
    assert [line.split()[3] for line in life if line.split()[2] != line.split()[4]] == [
        "grant",
        "restored",
        "activation",
        "installed",
    ]
    assert Steps().wrong(life) == []
    assert Steps().wrong(line for line in life if " restored " not in line) != []
    assert Steps().wrong([life[-1].replace("SERVING", "LOCKED")]) != []
