"""What the launcher runs is whole, through a link too: a start-up cache that a JVM cannot read is removed when it is made, jars that could
not all be made fit for one are not used."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest
from world import ROOT, jdk

START = pathlib.Path("cli", "target", "quick", "start")
HEADER_BYTES = 1 << 16


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> pathlib.Path:
    """A checkout's launchers, jars and caches; the caches are its own."""
    if not (ROOT / START / "run.aot").exists():
        pytest.skip("this build made no start-up caches")
    shutil.copytree(ROOT / "build", tmp_path / "build")
    (tmp_path / START).mkdir(parents=True)
    for part in (ROOT / START).iterdir():
        if part.is_dir():
            (tmp_path / START / part.name).symlink_to(part)
        else:
            shutil.copy(part, tmp_path / START)
    return tmp_path


def started(tree: pathlib.Path, role: str) -> subprocess.CompletedProcess[str]:
    command = [str(tree / "build" / "java.sh"), role, "", "dev.reseal.cli.Reseal", "--version"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_cache_that_kills_the_jvm_is_removed_and_named_and_the_others_stay(tree: pathlib.Path) -> None:
    broken = tree / START / "run.aot"
    size = broken.stat().st_size
    with broken.open("r+b") as file:
        file.seek(HEADER_BYTES)
        file.write(bytes(size - 2 * HEADER_BYTES))
    assert started(tree, "run").returncode != 0

    sound = subprocess.run([tree / "build" / "sound.sh"], capture_output=True, text=True, timeout=120)

    assert sound.returncode == 0
    assert "the start-up cache of run is of no use" in sound.stderr
    assert sorted(cache.name for cache in (tree / START).glob("*.aot")) == [
        "authority.aot",
        "platform.aot",
        "verbs.aot",
    ]
    assert started(tree, "run").stdout.startswith("reseal ")


def test_jars_that_cannot_all_be_made_fit_leave_the_launcher_with_the_ones_that_were_built(
    tmp_path: pathlib.Path,
) -> None:
    shutil.copytree(ROOT / "build", tmp_path / "build")
    built = tmp_path / START.parent / "lib"
    built.mkdir(parents=True)
    (built / "cut.jar").write_bytes(b"PK")
    trained = subprocess.run(
        [tmp_path / "build" / "train.sh"],
        env={**os.environ, "JAVA_HOME": str(jdk())},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert trained.returncode != 0, trained.stderr
    assert [each.name for each in built.parent.iterdir()] == ["lib"]


def test_the_launcher_is_found_through_a_link(tmp_path: pathlib.Path) -> None:
    link = tmp_path / "reseal"
    link.symlink_to(ROOT / "reseal")
    done = subprocess.run([link, "--version"], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("reseal "), done.stderr
