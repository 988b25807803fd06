"""Reseal: the state of a service outlives the enclave instance that holds it.

``App`` is for services, ``reseal.client`` for those who talk to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reseal.app import App
    from reseal.errors import Refused, ResealError

__all__ = ["App", "Refused", "ResealError"]

_HOMES = {"App": "reseal.app", "Refused": "reseal.errors", "ResealError": "reseal.errors"}


def __getattr__(name: str) -> Any:
    """Loaded at first use: a client does not pay for the service's half, nor the other way round."""
    if name not in _HOMES:
        raise AttributeError(f"module 'reseal' has no attribute {name!r}")
    import importlib

    from reseal import _launch

    if name == "App" and _launch.device_fd >= 0:
        from reseal.ahead import launched

        launched()  # what is loaded from here on takes as long as reading the state
    return getattr(importlib.import_module(_HOMES[name]), name)
