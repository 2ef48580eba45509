"""What an address of the audit log asks for; whatever is not understood counts as not asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.http import QueryDict

from checklists.audit import VERBS
from checklists.reads.audit_log import Wanted, groups, projects

MAX_WORDS = 200


def read(asked: QueryDict, labels: Mapping[str, str], people: Mapping[str, str]) -> Wanted:
    """The choice of an address, limited to streams and people that there are for this reader."""
    verbs = {*VERBS, *groups()}
    return Wanted(
        stream=_among(asked, "stream", labels),
        project=_among(asked, "project", projects(labels)),
        person=_among(asked, "person", people),
        verb=_among(asked, "verb", verbs),
        refused=asked.get("refused") == "on",
        since=_day(asked.get("since", "")),
        until=_day(asked.get("until", "")),
        token=_plain(asked.get("token", "")),
        words=_plain(asked.get("q", "")),
    )


def _among(asked: QueryDict, name: str, known: Mapping[str, str] | set[str]) -> str:
    value = asked.get(name, "")
    return value if value in known else ""


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:MAX_WORDS].strip()


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None


def narrowed(wanted: Wanted) -> bool:
    """Whether anything is chosen that the page keeps folded up."""
    more = (wanted.project, wanted.stream, wanted.since, wanted.until, wanted.token, wanted.refused)
    return any(more)


def again(wanted: Wanted) -> str:
    """The same choice as the end of an address."""
    chosen = QueryDict(mutable=True)
    chosen["stream"], chosen["verb"], chosen["person"] = wanted.stream, wanted.verb, wanted.person
    for name, value in {
        "project": wanted.project,
        "refused": "on" if wanted.refused else "",
        "since": wanted.since.isoformat() if wanted.since else "",
        "until": wanted.until.isoformat() if wanted.until else "",
        "token": wanted.token,
        "q": wanted.words,
    }.items():
        if value:
            chosen[name] = value
    return chosen.urlencode()
