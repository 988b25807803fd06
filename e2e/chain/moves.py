"""Every step of an instance's state machine as a line: ``move INSTANCE_ID FROM MESSAGE TO``, or ``-RULE`` for TO when it was refused.

The applications of the tests import this and call ``to_stderr()`` before they serve; nothing in the SDK knows of it. The platform keeps
an instance's standard error in a file, and ``e2e/traces.py`` has the lines replayed against ``spec/instance.vec``.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from reseal.candidacy import Candidacy
from reseal.errors import Refused
from reseal.machine import State


def record(write: Callable[[str], object]) -> None:
    """From now on ``write`` gets a line for each step of any instance in this process, at once and whole."""
    check, enter = Candidacy.check, Candidacy.enter

    def checked(self: Candidacy, message: str) -> State:
        try:
            return check(self, message)
        except Refused as refused:
            write(f"move {self.id.hex()} {self.state.value} {message} -{refused.rule}\n")
            raise

    def entered(self: Candidacy, message: str) -> None:
        before = self.state
        enter(self, message)
        write(f"move {self.id.hex()} {before.value} {message} {self.state.value}\n")

    Candidacy.check = checked  # type: ignore[method-assign]
    Candidacy.enter = entered  # type: ignore[method-assign]


def to_stderr() -> None:
    """In one write each, since an instance may be killed at any time."""
    record(lambda line: os.write(2, line.encode()))
