"""scikit-learn's printed `classification_report`, line by line.

Every line must be understood: one that is left out would leave a class out.
"""

from __future__ import annotations

import re
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers import numbers

HEADER = ("precision", "recall", "f1-score", "support")
AVERAGES = frozenset({"micro avg", "macro avg", "weighted avg", "samples avg"})
_HEADER = re.compile(r"^[ \t]*+precision[ \t]+recall[ \t]+f1-score[ \t]+support[ \t\r]*$", re.MULTILINE)


def is_one(text: str) -> bool:
    """Whether a text holds the report's header line."""
    return bool(_HEADER.search(text))


def parse(text: str, file: str) -> dict[str, Any]:
    """The report as scikit-learn's own dict: rows by name with `HEADER`'s keys, `accuracy` as a number.

    Raises BadContent for a line nobody understands and for a name given twice.
    """
    rows: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        cells = line.split()
        if not cells or tuple(cells) == HEADER:
            continue
        name, value = _row(cells, line, f"{file} line {number}")
        if name in rows:
            raise BadContent(f"{file} line {number} names the class {name} a second time.", "Name each once.")
        rows[name] = value
    return rows


def _row(cells: list[str], line: str, where: str) -> tuple[str, Any]:
    if len(cells) == 3 and cells[0] == "accuracy":
        return "accuracy", numbers.read(cells[1], f"{where} (accuracy)", text=True).value
    name = " ".join(cells[:-4])
    if not name:
        raise BadContent(f"{where} is no row of a classification report: {line.strip()[:80]!r}.", "")
    read = [numbers.read(cell, f"{where} ({name})", text=True).value for cell in cells[-4:]]
    return name, dict(zip(HEADER, read, strict=True))
