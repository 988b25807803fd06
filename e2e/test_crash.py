"""Some two dozen fixed cells of the crash matrix; ``make crash`` runs all of them."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest
from world import ROOT

CELLS = {
    "reseal": [
        "supervisor:before:QUIESCE Advise",
        "supervisor:before:PERSIST Submit",
        "supervisor:after:COMMIT Submit",
        "old:after:PERSIST Submit",
        "new:before:ATTEST Advise",
        "authority:before:PERMIT Submit",
        "platform:before:CREATE Create",
        "enclaves:after:PERSIST Submit",
        "store:after:ready register",
    ],
    "rekey": [
        "supervisor:before:PROVISION Advise",
        "old:after:PROVISION Advise",
        "authority:before:RETIRE Demand",
    ],
    "takeover": [
        "supervisor:after:PERMIT Demand",
        "new:after:ATTEST Advise",
        "authority:before:COMMIT Submit",
    ],
    "abort": [
        "supervisor:before:QUIESCE Demand",
        "authority:before:QUIESCE Demand",
    ],
    "asked-abort": [
        "supervisor:after:QUIESCE Submit",
        "old:before:QUIESCE Submit",
    ],
    "resume": [
        "supervisor:after:RECLAIM journal DONE",
        "authority:before:COMMIT Submit",
    ],
    "retire": [
        "supervisor:after:RETIRE Submit",
        "store:before:retire erase wrap",
    ],
    "policy": [
        "store:after:policy register",
    ],
    "key-add": [
        "store:after:key-add replace add",
    ],
    "close": [
        "store:before:unasked erase gen",
    ],
}


@pytest.mark.parametrize("operation", CELLS)
def test_every_cell_ends_with_one_instance_and_every_history_holds(operation: str, tmp_path: pathlib.Path) -> None:
    found = tmp_path / "cells.json"
    names = [f"{operation} {each}" for each in CELLS[operation]]
    command = [
        sys.executable,
        str(ROOT / "e2e" / "crash.py"),
        "--operations",
        operation,
        "--json",
        str(found),
        "--cells",
        *names,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found_cells = json.loads(found.read_text())["cells"]
    assert [each["cell"] for each in found_cells if each["missed"]] == [], "cells in which nobody died"
    cells = [
        f"{each['cell']['operation']} {each['cell']['victim']}:{each['cell']['side']}:{each['cell']['what']}"
        for each in found_cells
    ]
    assert cells == names, f"cells that are no longer there: {sorted(set(names) - set(cells))}"
