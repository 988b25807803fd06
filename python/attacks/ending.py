"""How one try of an attack ended."""

from __future__ import annotations

from typing import NamedTuple

from reseal.errors import Refused


class Ending(NamedTuple):
    kind: str
    rule: str
    detail: str


def won(what: str) -> Ending:
    return Ending("won", "-", what)


def harmless(what: str) -> Ending:
    return Ending("harmless", "-", what)


def refused(refusal: Refused) -> Ending:
    return Ending("refused", refusal.rule, refusal.detail)


def together(endings: list[Ending]) -> Ending:
    """Several tries that all have to be refused: the rules in the order in which they were met."""
    for each in endings:
        if each.kind != "refused":
            return each
    rules = list(dict.fromkeys(each.rule for each in endings))
    return Ending("refused", ", ".join(rules), "; ".join(each.detail for each in endings))
