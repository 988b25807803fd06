"""The customers service, but what it seals lacks the newest record."""

from __future__ import annotations

from typing import Any

from customers import service, web

whole = service.seal_records


def forgetful() -> tuple[int, list[list[bytes]]]:
    version, stores = whole()
    longest = max(stores, key=len)
    return version, [each[:-1] if each is longest and len(each) > 1 else each for each in stores]


unchecked: Any = service
unchecked.seal_records = forgetful
service.serve(web)
