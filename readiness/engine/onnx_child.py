"""The parent's side of ONNX tasks: hands the model to a child, and the files it needs, each hashed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.child import ChildLimits, ChildResult, run_in_child
from readiness.engine.errors import BadContent, FileMissing
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.target import OpenFile, RunDirectory


def run_onnx(
    task: str, payload: Mapping[str, Any], models: Sequence[str], data: Sequence[str], run: RunDirectory
) -> ChildResult:
    """Run `task` on models and data files of the run; `fds` are the models, the data, then other files.

    A model whose weights lie in files beside it gets these too, as `payload["outside"][number of the model]`
    (location to number of the descriptor). Raises BadContent when one is missing, FileRefused for links that
    leave the run and hard links, and what the task raises.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(run.open(path)) for path in (*models, *data)]
        for file in files:
            refuse_pointer(file)
        outside: list[dict[str, int]] = [{} for _ in models]
        for _ in range(len(models) + 1):
            asked = dict(payload) | {"outside": outside}
            result = run_in_child(task, asked, files=files, limits=ChildLimits.of(run.options))
            if "needs" not in result.value:
                return result
            number = result.value.get("model", 0)
            for location in result.value["needs"]:
                outside[number][location] = len(files)
                files.append(_beside(models[number], location, run, stack))
    raise BadContent(f"{models[0]} asks for its weights again and again.", "Export the model again.")


def _beside(model: str, location: str, run: RunDirectory, stack: ExitStack) -> OpenFile:
    path = (PurePosixPath(model).parent / location).as_posix()
    try:
        file = stack.enter_context(run.open(path))
    except FileMissing:
        raise BadContent(
            f"{model} keeps weights outside itself, in {location[:80]!a}, which is not in the run.",
            "Copy that file beside the model, or export one self-contained file.",
        ) from None
    refuse_pointer(file)
    return file
