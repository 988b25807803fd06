"""Every container of an instance's state as a line: ``holds BODY_ID COUNT``, the count being what the application says of itself.

It is written before the instance signs anything about the container, so whatever the authority registers has its line.
``e2e/crash_ledger.py`` reads them; nothing in the SDK knows of it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from reseal.instance import Instance


def to_stderr(count: Callable[[], int]) -> None:
    """``count`` is asked right after the state was read for a container, on the same thread."""
    for name in ("begun", "checkpoint", "sign_receipt"):
        setattr(Instance, name, _said(getattr(Instance, name), count))


def _said(method: Callable[..., Any], count: Callable[[], int]) -> Callable[..., Any]:
    @functools.wraps(method)
    def said(self: Instance, body: Any) -> Any:
        os.write(2, f"holds {body.body_id.hex()} {count()}\n".encode())
        return method(self, body)

    return said
