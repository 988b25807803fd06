"""Refusals: every one names its rule and carries public facts only."""

from __future__ import annotations

import os
import sys

__all__ = ["CODES", "Refused", "ResealError", "code_of", "rule_of", "say", "where"]

CODES: dict[str, int] = {
    "BUSY": 110,
    "OP_CONFLICT": 111,
    "WRONG_STATE": 112,
    "FENCED": 113,
    "LEASE_RUNNING": 120,
    "PERMIT_EXPIRED": 121,
    "NEED_APPROVAL": 122,
    "SLOW_DOWN": 123,
    "UNAVAILABLE": 130,
    "QUARANTINED": 131,
    "KEY_DESTROYED": 132,
    "STALE_SEALED_STATE": 141,
    "LINEAGE_MISMATCH": 142,
    "BINDING_MISMATCH": 143,
    "PLATFORM_REFUSED": 144,
    "MEASUREMENT_REFUSED": 145,
    "COLLATERAL_ROLLBACK": 146,
    "PLATFORM_KEY_CHANGED": 147,
    "SVN_DOWNGRADE": 148,
    "CORRUPT": 149,
    "RECOVERY_NEEDED": 150,
    "POLICY_REFUSED": 151,
}
"""The error codes of the wire by rule name (protocol 6.3)."""

# The finer rules of the parsers (as in the vectors) and the wire code under which they are answered.
_FINER: dict[str, str] = {
    **dict.fromkeys(("SIGNER", "SIGNATURE", "KEY", "HPKE", "SHARE", "UNWRAP", "PK_OPEN"), "BINDING_MISMATCH"),
    "LINEAGE": "LINEAGE_MISMATCH",
    "CORE_DIGEST": "STALE_SEALED_STATE",
    "BODY_ID": "STALE_SEALED_STATE",
    "POLICY": "POLICY_REFUSED",
    "KEYREQUEST": "POLICY_REFUSED",
    "PLATFORM": "PLATFORM_REFUSED",
    "NO_SLOT": "RECOVERY_NEEDED",
}


def rule_of(code: int) -> str:
    """The rule name of a wire code; the number itself for a code of another version."""
    for name, number in CODES.items():
        if number == code:
            return name
    return str(code)


def code_of(rule: str) -> int:
    """The wire code under which a refusal by ``rule`` is answered (protocol 6.3)."""
    return CODES.get(rule) or CODES[_FINER.get(rule, "CORRUPT")]


def say(text: str) -> None:
    """One line of this instance's log; never key bytes, never what an application's exception said."""
    print(f"reseal[{os.getpid()}]: {text}", file=sys.stderr, flush=True)


def where(failure: BaseException) -> str:
    """Type and place of an exception of the application: its text may hold what must not leave."""
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return f"{type(failure).__name__}{place}"


class ResealError(Exception):
    """Base of everything this package raises on purpose."""


class Refused(ResealError):
    """Input, a message or a call that a rule refuses; nothing has changed.

    ``rule`` is a name of protocol 6.3 or a finer one of the parsers, ``detail`` is for people.
    """

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule
        self.detail = detail

    @property
    def code(self) -> int:
        """The wire code (protocol 6.3)."""
        return code_of(self.rule)
