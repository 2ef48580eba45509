"""`file`: a file is there, is not empty, and has a sane size."""

from __future__ import annotations

from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.registry import Params, check
from readiness.engine.sizes import Bytes, size_words
from readiness.engine.target import RunDirectory


class FileParams(Params, frozen=True):
    """`path` in the run; sizes in bytes; `sha256` in hex, if the content is fixed."""

    path: str
    min_bytes: Bytes = Bytes.default(1)
    max_bytes: Bytes | None = None
    sha256: str | None = None


@check("file", title="A file exists", short="path")
def file(want: FileParams, run: RunDirectory) -> Finding:
    """Looks whether a file lies in the run, holds something, and is neither too small nor too large.

    Fails on a missing file, an empty one, a Git LFS pointer, a size outside the limits, or another SHA-256
    than the declared one. Write the file where the checklist expects it, or correct the path.

    ```yaml check
    file: {path: results/production/confusion_matrix.png, max_bytes: 5 MB}
    ```
    """
    with run.open(want.path) as opened:
        refuse_pointer(opened)
        size = opened.size
    measurements = [
        Measurement(
            name="Size", value=size, unit="bytes", limit=Limit(">=", want.min_bytes), source=want.path
        )
    ]
    if want.max_bytes is not None:
        limit = Limit("<=", want.max_bytes)
        measurements.append(
            Measurement(name="Size, at most", value=size, unit="bytes", limit=limit, source=want.path)
        )
    digest = run.used[opened.path].sha256
    if want.sha256:
        expected = want.sha256.lower().removeprefix("sha256:")
        measurements.append(
            Measurement(name="SHA-256", value=digest, limit=Limit("==", expected), source=want.path)
        )
    problem = next((m for m in measurements if m.ok is False), None)
    said = f"{want.path} · {size_words(size)}"
    if problem:
        said = f"{want.path}: {problem.name.lower()} is {problem.observed}, needs {problem.expected}"
    return judged(
        measurements, said, advice="Write the complete file, or correct the limits in the checklist."
    )
