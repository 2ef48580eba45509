"""What a check saw beside its measurements: its finding's details, in shapes that a template can write.

Details are for machines and come from checks of anybody, over data of anybody: every text is made legible and
cut, every list bounded, and what cannot be laid out is written flat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any

from checklists.reports.legible import legibly
from readiness.engine.outcome import quantity

FIRST_ROWS = 10
SHORT_ROWS = 20
MOST_ROWS = 200
MOST_COLUMNS = 8
MOST_PARTS = 30
CELL = 300
LINE = 120
BLOCK = 4000
MOST_DEPTH = 4
# What each layer (engine/isolation.py) means to somebody who signs.
LAYERS = {
    "rlimit": "limits on time and memory",
    "seccomp": "a filter of system calls",
    "landlock": "no files but its own",
    "userns": "no network",
}
# Told elsewhere: the level of isolation has its own line, and a problem's class says nothing to a reader.
_ELSEWHERE = {"isolation", "problem"}
Pair = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Part:
    """One entry of the details: a list of lines (`head` empty, one column), a table, or a block of text."""

    label: str
    head: list[str]
    rows: list[list[str]]
    more: int = 0
    block: str = ""

    @property
    def first(self) -> list[list[str]]:
        """The rows that an open row of the gate page shows."""
        return self.rows[:FIRST_ROWS]

    @property
    def unseen(self) -> int:
        """How many rows it leaves to the item's own page."""
        return max(0, len(self.rows) - FIRST_ROWS) + self.more


@dataclass(slots=True, kw_only=True)
class Seen:
    """What one check saw. `isolation` is the level that its process reached, in words, or empty."""

    kind: str
    isolation: str
    facts: list[Pair]
    parts: list[Part]

    @property
    def short(self) -> bool:
        """Whether it can stand open on the item's page without pushing everything else away."""
        return sum(len(part.rows) for part in self.parts) <= SHORT_ROWS


def seen(result: Mapping[str, Any]) -> Seen:
    """The details of a check's result; nothing in it is empty that is listed."""
    details = result["finding"].get("details")
    known = dict(islice(details.items(), MOST_PARTS)) if isinstance(details, Mapping) else {}
    found = Seen(kind=result["kind"], isolation=isolation(details), facts=[], parts=[])
    for key, value in known.items():
        if key in _ELSEWHERE or value in (None, "", [], {}):
            continue
        if _tall(value):
            found.parts.append(_part(_label(key), value))
        else:
            found.facts.append((_label(key), _flat(value)))
    return found


def _tall(value: Any) -> bool:
    """Whether a value needs room of its own: a mapping, a block of text, a list that no line holds."""
    if isinstance(value, str):
        return "\n" in value.strip()
    if isinstance(value, list):
        short = not any(isinstance(one, Mapping | list) for one in value) and len(value) <= MOST_COLUMNS
        return not (short and len(_flat(value)) <= LINE)
    return isinstance(value, Mapping)


def isolation(details: object) -> str:
    """The layers of isolation that held, in words; a kind that reads several files tells it for each."""
    if not isinstance(details, Mapping):
        return ""
    told = [details, *(value for value in details.values() if isinstance(value, Mapping))]
    reached = {str(one["isolation"]) for one in told if one.get("isolation")}
    return "; ".join(_layers(level) for level in sorted(reached)[:3])


def _layers(level: str) -> str:
    names = level.split("+", 8)  # a foreign check may write anything there
    return ", ".join(f"{LAYERS[name]} ({name})" if name in LAYERS else legibly(name, 80) for name in names)


def _part(label: str, value: Any) -> Part:
    if isinstance(value, str):
        return Part(label=label, head=[], rows=[], block=_end(value.strip("\n")))
    if isinstance(value, Mapping):
        pairs = [[_cell(key), _flat(inner)] for key, inner in islice(_without(value).items(), MOST_ROWS)]
        return Part(label=label, head=["Name", "Value"], rows=pairs, more=max(0, len(value) - MOST_ROWS))
    shown, more = value[:MOST_ROWS], max(0, len(value) - MOST_ROWS)
    if not all(isinstance(one, Mapping) for one in shown):
        return Part(label=label, head=[], rows=[[_flat(one)] for one in shown], more=more)
    keys = list(dict.fromkeys(key for one in shown for key in one))[:MOST_COLUMNS]
    rows = [[_flat(one.get(key, "")) for key in keys] for one in shown]
    return Part(label=label, head=[_label(key) for key in keys], rows=rows, more=more)


def _without(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key not in _ELSEWHERE}


def _label(key: object) -> str:
    """A key as a heading: a name gets blanks and a capital, a path stays as it is."""
    words = _cell(key)
    if not words.isidentifier():
        return words
    words = words.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _flat(value: Any, depth: int = 0) -> str:
    if isinstance(value, Mapping | list | tuple) and depth >= MOST_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        inner = [
            f"{key}: {_flat(one, depth + 1)}" for key, one in islice(_without(value).items(), MOST_COLUMNS)
        ]
        return _cell(", ".join(inner) + _rest(value))
    if isinstance(value, list | tuple):
        return _cell(", ".join(_flat(one, depth + 1) for one in value[:MOST_COLUMNS]) + _rest(value))
    return _cell("–" if value is None else quantity(value))


def _rest(value: Sized) -> str:
    more = len(value) - MOST_COLUMNS
    return f" and {more} more" if more > 0 else ""


def _cell(value: object) -> str:
    return legibly(str(value), CELL) or "–"


def _end(text: str) -> str:
    """The end of a long output is the part that tells."""
    return legibly(text, BLOCK) if len(text) <= BLOCK else f"…{legibly(text[-BLOCK:], BLOCK)}"
