"""A score as text: the headline, a table of the sections, the formula, the gaps and the way to 100 %."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby

from readiness.engine.render.text import WIDTH, safe
from readiness.engine.score import Gap, Score, SectionScore, percent

_MOST = 10
_HEAD = ("weight", "done", "partial", "pending", "score", "points")
_CELL = 8


def text(value: Score, *, width: int = WIDTH) -> str:
    """All of it in at most `width` columns; of the gaps only the largest, the roadmap names every one."""
    lines = [value.headline, *(line for note in value.notes for line in _wrap(safe(note), width))]
    lines += ["", *_table(value, width), "", "Formula", *_wrap(value.formula, width)]
    if value.gaps:
        lines += ["", "Largest gaps", *_gaps(value.gaps[:_MOST], width)]
        if len(value.gaps) > _MOST:
            lines.append(f"  … and {len(value.gaps) - _MOST} more")
        lines += ["", "Roadmap", *_roadmap(value, width)]
    return "\n".join(lines)


def _table(value: Score, width: int) -> Iterator[str]:
    rest = any(s.failed or s.waived or s.not_applicable for s in value.sections)
    room = max(width - _CELL * len(_HEAD), 12)
    yield _row("Section", _HEAD, room)
    for section in value.sections:
        weight = "–" if section.weight is None else f"{section.weight:g} %"
        counts = (f"{section.done}", f"{section.partial}", f"{section.pending}")
        result = "–" if section.score is None else percent(section.score)
        yield _row(safe(section.title), (weight, *counts, result, f"{section.contribution:.1f}"), room)
        if rest and (other := _other(section)):
            yield f"  {other}"


def _other(section: SectionScore) -> str:
    named = (
        (section.failed, "failed"),
        (section.waived, "waived"),
        (section.not_applicable, "not applicable"),
    )
    return ", ".join(f"{number} {word}" for number, word in named if number)


def _row(title: str, cells: tuple[str, ...], room: int) -> str:
    cut = title if len(title) < room else f"{title[: room - 2]}…"
    return f"{cut:<{room}}{''.join(f'{cell:>{_CELL}}' for cell in cells)}".rstrip()


def _gaps(gaps: tuple[Gap, ...], width: int) -> Iterator[str]:
    for gap in gaps:
        gain = f"+{gap.gain:.1f}" if gap.gain else "–"
        yield from _wrap(f"{safe(gap.title)} ({safe(gap.section)})", width, f"  {gain:>6}  ", " " * 10)


def _roadmap(value: Score, width: int) -> Iterator[str]:
    for number, step in enumerate(value.roadmap, 1):
        after = "" if step.score_after is None else f" → {percent(step.score_after)}"
        count = f"{len(step.gaps)} item{'s' * (len(step.gaps) != 1)}"
        yield f"  {number}. {step.title}: {count}{after}"
        for section, gaps in groupby(step.gaps, key=lambda gap: gap.section):
            yield from _wrap(safe(section), width, " " * 5, " " * 5)
            for gap in gaps:
                yield from _wrap(safe(gap.title), width, "       - ", " " * 9)


def _wrap(words: str, width: int, first: str = "  ", rest: str = "  ") -> list[str]:
    # a number stays with its unit
    held = words.replace(" %", "\u00a0%")
    lines = textwrap.wrap(held, width, initial_indent=first, subsequent_indent=rest) or [first.rstrip()]
    return [line.replace("\u00a0%", " %") for line in lines]
