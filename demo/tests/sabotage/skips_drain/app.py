"""The customers service, but it locks with requests in flight and lets more of them in."""

from __future__ import annotations

from typing import Any

from customers import service, web

start_in = service.start_in


def hasty(runtime: Any) -> None:
    runtime.drain = lambda: True
    start_in(runtime)


unchecked: Any = service
unchecked.start_in = hasty
service.serve(web)
