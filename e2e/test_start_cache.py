"""A start-up cache that a JVM cannot read is removed when it is made, so that no role dies of it at every start."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest
from world import ROOT

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
