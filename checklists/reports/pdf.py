"""A stored snapshot as a PDF: rendered in the engine's limited child, which may reach nothing."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

from checklists.reports import html
from checklists.reports.attached import Attached
from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import CheckProblem, LimitExceeded, ReadinessError

TASK = "checklists.reports.typeset:typeset"
MEMORY = 2 << 30
OUTPUT = 256 << 20
WRITES = 8 << 20
FONTS = ("Inter-Regular.otf", "Inter-SemiBold.otf")


class RenderingError(ReadinessError):
    """The PDF could not be made; the snapshot is kept and can be rendered again."""


def render(snapshot: dict[str, Any], *, seconds: float, attached: Sequence[Attached] = ()) -> bytes:
    """The PDF of a stored snapshot (content.build), not signed; the same input gives the same bytes.

    `seconds` bounds wall clock and processor time. Raises RenderingError with what to do.
    """
    return typeset(
        html=html.render(snapshot),
        created=snapshot["generated"]["at"],
        attached=attached,
        seconds=seconds,
    )


def typeset(*, html: str, created: str, attached: Sequence[Attached], seconds: float) -> bytes:
    """HTML as PDF/A-3a with files attached. Raises RenderingError."""
    payload = {
        "html": html,
        "fonts": fonts(),
        "created": created,
        "attachments": [_carried(file) for file in attached],
    }
    limits = ChildLimits(seconds=seconds, memory=MEMORY, output=OUTPUT, writes=WRITES)
    try:
        result = run_in_child(TASK, payload, limits=limits)
    except LimitExceeded as problem:
        raise RenderingError(
            problem.message.replace("The check's process", "The process that sets the PDF"),
            "Ask for the report again when the machine is less busy, or raise READINESS_REPORT_SECONDS.",
        ) from problem
    except CheckProblem as problem:
        message = problem.message.replace("The check's process", "The process that sets the PDF")
        raise RenderingError(message, problem.advice) from problem
    return base64.b64decode(result.value["pdf"])


def _carried(file: Attached) -> dict[str, str]:
    return {
        "name": file.name,
        "description": file.description,
        "relationship": file.relationship,
        "media_type": file.media_type,
        "data": base64.b64encode(file.data).decode("ascii"),
    }


@cache
def fonts() -> list[dict[str, str]]:
    """The bundled fonts of the report, as the child wants them. Raises RenderingError when one is missing."""
    return [{"name": name, "data": _font(name)} for name in FONTS]


def _font(name: str) -> str:
    path = finders.find(f"fonts/report/{name}")
    if not path:
        raise RenderingError(f"The report's font {name} is missing.", "Install Readiness again.")
    return base64.b64encode(Path(str(path)).read_bytes()).decode("ascii")
