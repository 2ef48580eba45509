"""The kind `emissions`: the carbon dioxide that a training emitted, against a budget."""

from __future__ import annotations

import csv
import math
from io import StringIO
from typing import Annotated

import msgspec

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

COLUMN = "emissions"


class EmissionsParams(Params, frozen=True):
    """`file` is CodeCarbon's emissions.csv."""

    at_most: Annotated[float, msgspec.Meta(ge=0, description="kg of CO₂ equivalent in all")]
    file: str = "emissions.csv"


@check("emissions", title="Training stays within its emissions budget", short="at_most")
def emissions(want: EmissionsParams, run: RunDirectory) -> Finding:
    """Adds up what the rows of CodeCarbon's `emissions.csv` report, in kg of CO₂ equivalent.

    It fails when the sum is over `at_most`, and when the file has no rows or a value that is no amount.
    Train for fewer epochs or on a smaller model, or agree on another budget.

    ```yaml check
    emissions: {file: emissions.csv, at_most: 2.5}
    ```
    """
    amounts = read(run.read_text(want.file), want.file)
    total = Measurement(
        name="Emissions",
        value=math.fsum(amounts),
        unit="kg CO₂eq",
        limit=Limit("<=", want.at_most),
        source=f"{want.file} · {COLUMN}",
    )
    return judged(
        [total],
        f"{len(amounts)} trainings emitted {total.observed}, budget {total.expected}",
        advice="Train for fewer epochs or on a smaller model, or agree on another budget.",
        details={"rows": len(amounts)},
    )


def read(text: str, file: str) -> list[float]:
    """The amounts of all rows in kg. Raises NotFound without rows, BadContent for one that is no amount."""
    rows = csv.DictReader(StringIO(text))
    if COLUMN not in (rows.fieldnames or ()):
        raise NotFound(f"{file} has no column `{COLUMN}`.", "Name the file that CodeCarbon wrote.")
    try:
        amounts = [amount(row[COLUMN], f"{file} line {rows.line_num}") for row in rows]
    except csv.Error as error:
        raise BadContent(f"{file} line {rows.line_num}: {error}.", "Let CodeCarbon write it again.") from None
    if not amounts:
        raise NotFound(f"{file} has no rows.", "Let CodeCarbon measure the training.")
    return amounts


def amount(written: str | None, place: str) -> float:
    """One value; never NaN, infinite or below zero."""
    try:
        value = float(written or "")
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise BadContent(f"{place}: {written!r} is not an amount in kg.", "Measure that training again.")
    return value
