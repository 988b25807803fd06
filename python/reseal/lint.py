"""``python -m reseal.lint app.py``: what an application keeps in memory and has not declared; a re-seal loses it.

Looks at each file by itself: names of the module that are changed from inside a function. Objects that a function
keeps, attributes of instances and what other modules hold are not seen. ``# reseal: rebuilt`` behind the first
assignment says that a loss is meant.
"""

from __future__ import annotations

import ast
import pathlib
import sys
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["RULE", "Finding", "findings", "main"]

RULE = "UNDECLARED_STATE"
REBUILT = "# reseal: rebuilt"

_MAKERS = {"dict", "list", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict"}
_CHANGERS = {
    *("append", "extend", "insert", "remove", "sort", "reverse", "appendleft", "popleft", "pop", "popitem"),
    *("add", "discard", "clear", "update", "setdefault", "subtract", "difference_update", "intersection_update"),
}


class Finding(NamedTuple):
    """A name of the module, where it is assigned first, and where a function changes it."""

    line: int
    name: str
    changed: int

    def __str__(self) -> str:
        return (
            f"'{self.name}' is changed in line {self.changed} and declared nowhere: the next instance begins without "
            f"it; use app.state, a snapshot hook, or write {REBUILT}"
        )


def findings(source: str) -> list[Finding]:
    """In the order of the file."""
    module = ast.parse(source)
    lines = source.splitlines()
    names = dict(_names(module))
    mutable = {name for name, (_, value) in names.items() if _is_mutable(value)}
    found: dict[str, int] = {}
    for function in _functions(module):
        local = _locals(function)
        for name, line, rebinds in _changes(function):
            watched = name in names if rebinds else name in mutable and name not in local
            if watched:
                found.setdefault(name, line)
    return sorted(
        Finding(names[name][0], name, line) for name, line in found.items() if REBUILT not in lines[names[name][0] - 1]
    )


def _names(module: ast.Module) -> Iterator[tuple[str, tuple[int, ast.expr]]]:
    """Assigned at the top, from the end on, so that in a dict the first assignment of a name stays."""
    for node in reversed(module.body):
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:
                yield target.id, (node.lineno, node.value)


def _is_mutable(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        function = value.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in _MAKERS
    return isinstance(value, (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp))


def _functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda]:
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield node


def _locals(function: ast.AST) -> set[str]:
    """Parameters and what is assigned without ``global``: such a name is not the module's."""
    own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    own |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return own - _globals(function)


def _globals(function: ast.AST) -> set[str]:
    return {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}


def _changes(function: ast.AST) -> Iterator[tuple[str, int, bool]]:
    """Name, line, and whether the name itself is bound anew."""
    declared = _globals(function)
    for node in ast.walk(function):
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            if isinstance(node.value, ast.Name):
                yield node.value.id, node.lineno, False
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGERS:
            if isinstance(node.func.value, ast.Name):
                yield node.func.value.id, node.lineno, False
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in declared:
            yield node.id, node.lineno, True


def main(paths: list[str]) -> int:
    """A line for each finding; 1 if there is one, 2 if a file is no Python that can be read."""
    count = 0
    for path in paths:
        try:
            source = pathlib.Path(path).read_text("utf-8")
            found_here = findings(source)
        except (OSError, ValueError, SyntaxError) as fault:
            print(f"{path}: cannot be read as Python: {fault}", file=sys.stderr)
            return 2
        for found in found_here:
            print(f"{path}:{found.line}: {RULE}: {found}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m reseal.lint APP.PY...")
    sys.exit(main(sys.argv[1:]))
