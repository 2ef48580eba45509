"""Values in reports for people: lines `Name: value` and table rows of Markdown and text files."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import re2

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import data, documents, model_card, numbers, sklearn_report

LONGEST_LINE = 300
_NUMBER = re2.compile(r"^(?P<number>\d{1,15}(?:\.\d{1,15})?)\s*(?P<unit>%?)$")
_LINE = re2.compile(r"^[\s>*+\-]*(?P<name>[^:=|*]{1,80}?)\**\s*(?::\**|=)\s*\**(?P<value>[^|]{1,60}?)\**\s*$")


def read(text: str, key: str, file: str) -> tuple[Any, bool]:
    """The value that a report gives under a name, and whether it is typed (YAML front matter, a number).

    Names are a table's row or column, a line's beginning, `model-index.…` or `front-matter.…` of a model
    card, or `macro avg.f1-score` of scikit-learn's printed report. Raises NotFound, and BadContent for two
    different values.
    """
    if key.startswith((model_card.INDEX, model_card.FRONT)):
        return model_card.read(text, key, file), True
    if sklearn_report.is_one(text):
        # A report among other text is no table of its own: its lines are read like any others.
        with suppress(BadContent):
            return data.lookup(sklearn_report.parse(text, file), key, file), True
    return _reported(documents.body(text, file), key, file), False


def _reported(text: str, key: str, file: str) -> str:
    name = key.casefold().strip()
    found = [
        c for label, cells in documents.table_cells(text, file) if label.casefold() == name for c in cells
    ]
    found += [
        match["value"].strip()
        for line in documents.plain_lines(text)
        if len(line) <= LONGEST_LINE
        and (match := _LINE.match(line))
        and match["name"].casefold().strip() == name
    ]
    # A sentence that starts with the name ("Test accuracy: at least 80 %") is not its value.
    values = [cell for cell in found if numbers.looks_like_one(cell)] or found
    different = list({_spelling(cell): cell for cell in values}.values())
    if not different:
        raise NotFound(
            f"{file} has no line or table row {key!r}.", "Write it there, for example as a table row."
        )
    if len(different) > 1:
        raise BadContent(
            f"{file} gives {key!r} as {' and '.join(c[:60] for c in different[:3])}.",
            "Correct the wrong one, or read the value from the metrics file.",
        )
    return different[0]


def _spelling(cell: str) -> str:
    # "91.20%" and "91.2 %" say the same.
    match = _NUMBER.match(cell)
    return f"{float(match['number']):g}{match['unit']}" if match else cell
