"""What one client was told, and what it finds when it reads everything back: the verdict on an operation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def record(customer_id: str, revision: int) -> dict[str, Any]:
    """The whole content of a customer at a revision, so that any other content shows."""
    return {"name": f"Customer {customer_id}", "email": f"{customer_id}.{revision}@example.org", "revision": revision}


@dataclass
class Finding:
    """``lost``: acknowledged, gone, and nothing excuses it. ``beyond``: gone, newer than the last checkpoint."""

    lost: int = 0
    beyond: int = 0
    wrong: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if len(self.notes) < 5:
            self.notes.append(text)


class Ledger:
    """Writes of one client, one at a time, each with the next revision."""

    def __init__(self) -> None:
        self.revision = 0
        self.covered = 0
        """Up to this revision a checkpoint was acknowledged that began after the write."""
        self.acknowledged: dict[str, list[tuple[int, int]]] = {}
        """By customer: revision and the epoch whose instance acknowledged it, oldest first."""
        self.unknown: dict[str, set[int]] = {}
        """Sent without a valid answer: may be there or not."""

    def next(self) -> int:
        self.revision += 1
        return self.revision

    def acknowledge(self, customer_id: str, revision: int, epoch: int) -> None:
        self.acknowledged.setdefault(customer_id, []).append((revision, epoch))

    def cover(self) -> None:
        """Whatever was written so far is in the newest checkpoint."""
        self.covered = self.revision

    def doubt(self, customer_id: str, revision: int) -> None:
        self.unknown.setdefault(customer_id, set()).add(revision)

    def newest(self, customer_id: str) -> int:
        """Revision of the newest acknowledged write; 0 before the first."""
        history = self.acknowledged.get(customer_id)
        return history[-1][0] if history else 0

    def acceptable(self, customer_id: str, found: Any) -> bool:
        """Whether a read fits all that was acknowledged so far."""
        revision = _revision(found)
        newest = self.newest(customer_id)
        known = revision == newest or (revision > newest and revision in self.unknown.get(customer_id, ()))
        return known and (revision == 0 or found == record(customer_id, revision))

    def judge_planned(self, found: dict[str, Any]) -> Finding:
        """After a planned operation everything acknowledged is there, and nothing else."""
        finding = self._foreign(found)
        for customer_id in self.acknowledged:
            content = found.get(customer_id)
            if not self.acceptable(customer_id, content):
                newest, revision = self.newest(customer_id), _revision(content)
                if revision < newest:
                    finding.lost += sum(revision < each for each, _ in self.acknowledged[customer_id])
                else:
                    finding.wrong += 1
                finding.note(f"{customer_id}: acknowledged {newest}, found {content}")
        return finding

    def judge_killed(self, found: dict[str, Any], killed_epoch: int) -> Finding:
        """After a kill only a suffix of what the killed instance acknowledged may be missing, in order.

        What is missing that way counts as ``beyond``; the ledger then forgets it. A hole in the order, a missing
        write that a checkpoint covers, or one that the successor acknowledged, is ``lost``.
        """
        finding = self._foreign(found)
        kept, gone = [0], []
        for customer_id, history in self.acknowledged.items():
            content = found.get(customer_id)
            revision = _revision(content)
            if revision and content != record(customer_id, revision):
                finding.wrong += 1
                finding.note(f"{customer_id}: {content} was never written")
            elif revision not in {0, *(each for each, _ in history), *self.unknown.get(customer_id, ())}:
                finding.wrong += 1
                finding.note(f"{customer_id}: revision {revision} was never written")
            for each, epoch in history:
                if each > revision and epoch > killed_epoch:
                    finding.lost += 1
                    finding.note(f"{customer_id}: {each} was acknowledged by epoch {epoch} and is gone")
                elif each > revision:
                    gone.append(each)
                elif each == revision and epoch <= killed_epoch:
                    kept.append(each)
            self.acknowledged[customer_id] = [each for each in history if each[0] <= revision]
        since = max(*kept, self.covered)
        holes = [each for each in gone if each <= since]
        if holes:
            why = "a checkpoint covers it" if holes[0] <= self.covered else f"{since} is there: not a suffix"
            finding.note(f"revision {holes[0]} is gone and {why}")
        finding.lost += len(holes)
        finding.beyond += len(gone) - len(holes)
        return finding

    def _foreign(self, found: dict[str, Any]) -> Finding:
        finding = Finding()
        for customer_id in found.keys() - self.acknowledged.keys() - self.unknown.keys():
            finding.wrong += 1
            finding.note(f"{customer_id}: nobody wrote it")
        return finding


def _revision(content: Any) -> int:
    revision = content.get("revision") if isinstance(content, dict) else 0
    return revision if isinstance(revision, int) else -1
