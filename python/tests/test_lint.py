"""What an application keeps in memory without a declaration is named before it is lost."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import textwrap

import pytest

from reseal.lint import findings

ROOT = pathlib.Path(__file__).resolve().parents[2]


def names(source: str) -> list[str]:
    return [each.name for each in findings(textwrap.dedent(source))]


@pytest.mark.parametrize(
    "change",
    [
        "hits['a'] = 1",
        "hits['a'] += 1",
        "del hits['a']",
        "hits.update(a=1)",
        "hits.setdefault('a', []).append(1)",
        "global hits; hits = {}",
    ],
)
def test_a_dict_of_the_module_that_a_function_changes_is_named(change: str) -> None:
    assert names(f"hits = {{}}\ndef web():\n    {change}\n") == ["hits"]


@pytest.mark.parametrize("made", ["[]", "set()", "list()", "collections.deque()", "defaultdict(int)", "[1 for _ in x]"])
def test_every_kind_of_container_counts(made: str) -> None:
    assert names(f"seen = {made}\ndef web():\n    seen.clear()\n") == ["seen"]


def test_a_number_that_a_function_counts_up_is_named() -> None:
    assert names("count = 0\ndef web():\n    global count\n    count += 1\n") == ["count"]


def test_a_lambda_and_a_method_are_functions_too() -> None:
    assert names("log = []\nadd = lambda x: log.append(x)\n") == ["log"]
    assert names("log = []\nclass A:\n    def add(self, x):\n        log.append(x)\n") == ["log"]


def test_what_is_declared_or_only_read_or_local_or_meant_to_be_lost_is_not_named() -> None:
    source = """
        app = reseal.App()
        notes = app.state("notes", of=str)
        ROUTES = {"/": 1}
        cache = {}  # reseal: rebuilt
        ROUTES["/a"] = 2

        def web(environ, log):
            notes["a"] = ROUTES["/"]
            cache["a"] = 1
            hits = {}
            hits["a"] = 1
            log.append("a")

        def other():
            ROUTES = {}
            ROUTES["b"] = 1
    """
    assert names(source) == []


def test_findings_have_file_line_and_rule_and_fail_the_run(tmp_path: pathlib.Path) -> None:
    app = tmp_path / "app.py"
    app.write_text("\nhits = {}\ndef web():\n    hits['a'] = 1\n")
    command = [sys.executable, "-m", "reseal.lint", str(app)]
    run = subprocess.run(command, cwd=ROOT / "python", capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stdout.startswith(f"{app}:2: UNDECLARED_STATE: 'hits' is changed in line 4"), run.stdout
    app.write_text("notes = app.state('notes', of=str)\n")
    assert subprocess.run(command, cwd=ROOT / "python", check=False).returncode == 0


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"def web(:\n"])
def test_a_file_that_is_no_python_is_told_from_one_with_findings(tmp_path: pathlib.Path, content: bytes | None) -> None:
    app = tmp_path / "app.py"
    if content is not None:
        app.write_bytes(content)
    command = [sys.executable, "-m", "reseal.lint", str(app)]
    run = subprocess.run(command, cwd=ROOT / "python", capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"{app}: cannot be read as Python: ")


def test_the_example_applications_keep_nothing_undeclared() -> None:
    apps = [*(ROOT / "demo").glob("*.py"), *(ROOT / "python" / "examples").rglob("*.py")]
    served = [each for each in apps if "reseal.App(" in each.read_text()]
    assert served
    assert {each.name: findings(each.read_text()) for each in served if findings(each.read_text())} == {}
