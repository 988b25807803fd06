"""What real processes recorded is what the tables of ``spec/`` allow; the same with one thing changed is not."""

from __future__ import annotations

import contextlib
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable

import pytest
import traces
from services import SERVICE, Site
from world import ROOT

NAME = "traced"


def test_the_phases_of_a_supervisor_agree_with_the_register_and_the_model() -> None:
    model = pathlib.Path(ROOT, "spec", "tla", "model.py")
    done = subprocess.run([sys.executable, str(model), "phases"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nok phases:") > 5


@pytest.fixture(scope="module")
def recorded(shared_site: Site, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A copy of what a birth and a re-seal left of one lineage; the first replay is while its processes run."""
    supervisor = shared_site.start(NAME, shared_site.app(NAME, SERVICE))
    assert shared_site.rotate(NAME)[0] == 0
    said = traces.replay(shared_site.home)
    assert f"/lineages/{NAME}/journal" in said
    supervisor.stop()
    shared_site.tidy()
    home = tmp_path_factory.mktemp("recorded")
    shutil.copytree(
        shared_site.home / "lineages" / NAME,
        home / "lineages" / NAME,
        ignore=shutil.ignore_patterns("*.sock", "supervisor.pem"),
    )
    (home / "authority").mkdir()
    for each in (shared_site.home / "authority").glob("register.db*"):
        shutil.copy(each, home / "authority")
    return home


@pytest.fixture
def copy(recorded: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    return pathlib.Path(shutil.copytree(recorded, tmp_path / "home"))


def change(home: pathlib.Path, new: Callable[[str], str]) -> None:
    """The log of the instance that was locked for its successor."""
    for log in home.glob("lineages/*/instances/*/stderr.log"):
        said = log.read_text()
        if " drained LOCKED\n" in said:
            log.write_text(new(said))
            return
    raise AssertionError("no instance recorded that it was locked")


def test_both_instances_of_a_reseal_recorded_their_steps_up_to_serving_and_to_locked(recorded: pathlib.Path) -> None:
    logs = [log.read_text() for log in recorded.glob("lineages/*/instances/*/stderr.log")]
    assert sum(" INSTALLING installed SERVING\n" in log for log in logs) == 2
    assert sum(" QUIESCING drained LOCKED\n" in log for log in logs) == 1
    assert " 2 instances\n" in traces.replay(recorded)


def test_a_step_that_is_missing_is_named(copy: pathlib.Path) -> None:
    change(copy, lambda said: re.sub(r"move \S+ SERVING finish QUIESCING\n", "", said))
    with pytest.raises(traces.TraceError, match=r"was in SERVING, then .* came in QUIESCING"):
        traces.replay(copy)


def test_a_step_that_the_table_does_not_have_is_named(copy: pathlib.Path) -> None:
    change(copy, lambda said: said + re.findall(r"move \S+ ", said)[0] + "LOCKED restored SERVING\n")
    with pytest.raises(traces.TraceError, match="restored in LOCKED led to SERVING, which is -WRONG_STATE"):
        traces.replay(copy)


def test_a_step_that_is_cut_short_is_named(copy: pathlib.Path) -> None:
    change(copy, lambda said: said + "move 00ff\n")
    with pytest.raises(traces.TraceError, match="no step is written as"):
        traces.replay(copy)


def test_instances_that_recorded_nothing_are_noticed(copy: pathlib.Path) -> None:
    for log in copy.glob("lineages/*/instances/*/stderr.log"):
        log.write_text("")
    with pytest.raises(traces.TraceError, match="recorded a step"):
        traces.replay(copy)


def test_a_register_that_was_rolled_back_is_named(copy: pathlib.Path) -> None:
    with contextlib.closing(sqlite3.connect(copy / "authority" / "register.db")) as register, register:
        born = [seq for seq, entry in register.execute("select seq, entry from log") if b"activate" in entry]
        register.execute("delete from log where seq > ?", born[:1])
    with pytest.raises(traces.TraceError, match=r"QUIESCE of \w+ before the authority logged prepare for it \(T22\)"):
        traces.replay(copy)


def test_a_journal_of_another_lineage_is_named(copy: pathlib.Path) -> None:
    (copy / "lineages" / NAME).rename(copy / "lineages" / "other")
    with pytest.raises(traces.TraceError, match="none is of a lineage other"):
        traces.replay(copy)
