"""Proposals of a project, and what one of them changes, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

from django.db.models import Count, Q, QuerySet

from checklists.models import Person, Project, Proposal
from checklists.models.change import ProposalState

OPEN = (ProposalState.OPEN, ProposalState.APPROVED)
MOST = 100
LONGEST = 5000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference. `what` is add, drop, same or place (where the next lines stand)."""

    what: str
    sign: str
    text: str


def open_ones(project: Project) -> QuerySet[Proposal]:
    """Proposals that wait for votes or activation, newest first, each with `approvals`."""
    return _rows(project).filter(state__in=OPEN)


def history(project: Project) -> QuerySet[Proposal]:
    """Proposals that ended, last ended first; at most 100."""
    return _rows(project).exclude(state__in=OPEN).order_by("-closed_at", "-pk")[:MOST]


def one(project: Project, pk: int) -> Proposal | None:
    """A proposal of the project with everybody who had to do with it."""
    return _rows(project).filter(pk=pk).first()


def waiting_for(project: Project, person: Person) -> set[int]:
    """Open proposals on which this person has not voted and which are not their own."""
    rows = Proposal.objects.filter(project=project, state=ProposalState.OPEN).exclude(proposed_by=person)
    return set(rows.exclude(votes__person=person).values_list("pk", flat=True))


def _rows(project: Project) -> QuerySet[Proposal]:
    people = ("proposed_by", "closed_by", "checklist", "environment", "release")
    rows = Proposal.objects.filter(project=project).select_related(*people)
    return rows.annotate(approvals=Count("votes", filter=Q(votes__approve=True)))


def difference(old: str, new: str) -> list[Line]:
    """What changes from one text to another, with three lines around each place; empty when nothing does.

    Texts of more than 5000 lines together are shown as replaced whole: comparing takes their square in time.
    """
    was, now = old.split("\n"), new.split("\n")
    if len(was) + len(now) > LONGEST:
        gone, come = [Line("drop", "−", line) for line in was], [Line("add", "+", line) for line in now]
        return [*gone, *come] if old != new else []
    return list(_lines(unified_diff(was, now, lineterm="", n=3)))


_WHAT = {"+": "add", "-": "drop", " ": "same"}


def _lines(lines: Iterator[str]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        if number < 2:  # the two names
            continue
        if line.startswith("@@"):
            yield Line("place", "", line)
        else:
            yield Line(_WHAT[line[0]], {"-": "−"}.get(line[0], line[0]), line[1:])


def counted(lines: list[Line]) -> tuple[int, int]:
    """How many lines are added and how many go."""
    return sum(line.what == "add" for line in lines), sum(line.what == "drop" for line in lines)
