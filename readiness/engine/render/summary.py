"""A sheet as a Markdown summary of a CI job: the verdict first, then observed against expected.

Text from a run or a checklist stays text: it can neither leave its table cell nor become HTML, a link, an
image or a mention.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from readiness.engine.outcome import Measurement, Outcome
from readiness.engine.render.places import legible
from readiness.engine.render.sheet import Line, Sheet

_STATES = {
    Outcome.PASS: ("✅", "passed"),
    Outcome.WARN: ("⚠️", "warning"),
    Outcome.SKIP: ("⚪", "not checked"),
    Outcome.FAIL: ("❌", "failed"),
    Outcome.ERROR: ("💥", "check broke"),
}
_VERDICTS = {0: "✅ Ready", 1: "❌ Not ready", 3: "💥 A check broke"}
_ORDER = [Outcome.FAIL, Outcome.ERROR, Outcome.SKIP, Outcome.WARN, Outcome.PASS]
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#|~&$]|:(?=\S))")
_OPENING = re.compile(r"^(\d*)([-+=.])")  # what makes a list of text that opens a line
# A host links these without any markup, and a backslash does not stop all of it; an empty comment does.
# None may open the text: a line that begins with a comment is HTML to its end.
_AUTOMATIC = re.compile(r"(?<=www)(?=\.)|(?<=:)(?=/)|(?<=@)|(?<=.)(?=@)|(?<=#)(?=\d)", re.IGNORECASE)
# A job's summary holds 1 MiB in all.
LONGEST = 500  # characters of one text
MOST_ROWS = 100  # of one table
MOST_VALUES = 10  # of one cell


def render(sheet: Sheet) -> str:
    """The Markdown text; checks that need attention come first, passed ones are folded away."""
    attention = sorted(
        (line for line in sheet.lines if line.outcome is not Outcome.PASS),
        key=lambda line: _ORDER.index(line.outcome),
    )
    passed = [line for line in sheet.lines if line.outcome is Outcome.PASS]
    verdict = _VERDICTS.get(sheet.code, _VERDICTS[1])
    parts = [f"## {verdict}: {escaped(sheet.title)}", f"Run {escaped(sheet.run_id)} · {_counts(sheet)}"]
    if attention:
        parts.append(_table(attention))
    if passed:
        parts.append(_folded(f"{len(passed)} passed", _table(passed)))
    if sheet.left:
        listed = "\n".join(f"- {escaped(text)}" for text in sheet.left)
        parts.append(_folded(f"{len(sheet.left)} left to people", listed))
    return "\n\n".join(parts)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    words = " ".join(text.split())
    cut = words if len(words) <= LONGEST else f"{words[:LONGEST]}…"
    marked = _OPENING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", legible(cut)))
    return _AUTOMATIC.sub("<!-- -->", marked)


def _counts(sheet: Sheet) -> str:
    counts = Counter(line.outcome for line in sheet.lines)
    words = [f"{counts[outcome]} {_STATES[outcome][1]}" for outcome in _ORDER if counts[outcome]]
    return ", ".join(words) if words else "there was nothing to check"


def _table(lines: list[Line]) -> str:
    head = ["| | Check | Observed | Expected | Finding |", "| --- | --- | --- | --- | --- |"]
    shown = "\n".join([*head, *(_row(line) for line in lines[:MOST_ROWS])])
    more = len(lines) - MOST_ROWS
    return f"{shown}\n\n{more} more are in the reports." if more > 0 else shown


def _row(line: Line) -> str:
    icon, word = _STATES[line.outcome]
    finding = escaped(line.message)
    if line.advice and line.outcome is not Outcome.PASS:
        finding = f"{finding}<br>{escaped(line.advice)}"
    values = line.judged[:MOST_VALUES]
    rest = len(line.judged) - len(values)
    cells = (
        f"{icon} {word}",
        f"{escaped(line.title)}<br>`{_code(line.name)}`",
        "<br>".join([*_observed(values), *([f"{rest} more"] if rest else [])]),
        "<br>".join(escaped(m.expected) for m in values),
        finding,
    )
    return f"| {' | '.join(cells)} |"


def _observed(values: Sequence[Measurement]) -> Iterator[str]:
    for measured in values:
        name = f"{escaped(measured.name)}: " if len(values) > 1 else ""
        yield f"{name}{escaped(measured.observed)}"


def _code(name: str) -> str:
    return re.sub(r"[^\w.-]", "·", name)


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"
