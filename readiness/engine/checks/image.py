"""`image`: a picture that can be looked at."""

from __future__ import annotations

import importlib.util

from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import BadContent, ExtraMissing
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.registry import Params, check
from readiness.engine.sizes import size_words
from readiness.engine.target import RunDirectory

MAX_BYTES = 50_000_000


class ImageParams(Params, frozen=True):
    """Smallest width and height in pixels."""

    file: str
    min_width: int = 32
    min_height: int = 32


@check("image", title="A picture can be read", short="file")
def image(want: ImageParams, run: RunDirectory) -> Finding:
    """Decodes a whole picture (PNG, JPEG, GIF, WebP) in a limited child process and measures it.

    Fails on an empty or truncated file, on something that is no picture, and on one that is too small to
    read. Draw it again.

    ```yaml check
    image: {file: results/production/confusion_matrix.png, min_width: 200}
    ```
    """
    if importlib.util.find_spec("PIL") is None:
        raise ExtraMissing("pillow", "models")
    with run.open(want.file) as opened:
        refuse_pointer(opened)
        if not opened.size:
            raise BadContent(f"{want.file} is empty.", "Draw it again.")
        if opened.size > MAX_BYTES:
            raise BadContent(f"{want.file} has {size_words(opened.size)}; at most 50 MB are read.", "")
        task = "readiness.engine.image_task:measure"
        child = run_in_child(task, {"name": want.file}, files=[opened], limits=ChildLimits.of(run.options))
        size = opened.size
    seen = child.value
    measured = [
        Measurement(
            name="Width", value=seen["width"], unit="px", limit=Limit(">=", want.min_width), source=want.file
        ),
        Measurement(
            name="Height",
            value=seen["height"],
            unit="px",
            limit=Limit(">=", want.min_height),
            source=want.file,
        ),
    ]
    said = f"{want.file} · {seen['format']}, {seen['width']} × {seen['height']} px, {size_words(size)}"
    bad = [f"{m.name.lower()} needs {m.expected}" for m in measured if m.ok is False]
    said = "; ".join([said, *bad])
    return judged(measured, said, advice="Draw it larger.", details={"isolation": child.isolation})
