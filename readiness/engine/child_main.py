"""The child's side of engine/child.py: give up rights, run one function, answer in two lines of JSON.

The first line names the isolation reached, so that it is known whatever happens later. Started as a script
with `python -I -B`; reads its order from standard input and answers on what was its standard output. What
the task prints goes to standard error, so that it cannot be taken for the answer.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100,PTH120
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)  # a source tree that is not installed: the same code as the parent's

from readiness.engine.confine import confine, die_with  # noqa: E402  # found by the line above
from readiness.engine.errors import CheckProblem  # noqa: E402
from readiness.engine.isolation import lacking  # noqa: E402


def nothing(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """The empty task: it shows which level of isolation this machine reaches."""
    del payload, fds
    return {}


def main() -> None:
    """Read the order, confine this process, run the task, write the answer."""
    order = json.load(sys.stdin)
    answer = _own_stdout()
    sys.path.extend(path for path in order["paths"] if path not in sys.path)
    module, _, name = order["task"].partition(":")
    for package in (module.partition(".")[0], *order["packages"]):
        # Fills the import system's directory cache while the directories may still be listed.
        importlib.util.find_spec(package)
    level = confine(order["limits"], order["readable"], order["writable"], order["programs"])
    die_with(order["parent"])
    _say(answer, {"isolation": level})
    if lacking(level, order["isolation"]):
        return  # the demand is not met, so nothing is read or run; the parent says so
    with _problems_in(answer):
        task = getattr(importlib.import_module(module), name)
        _say(answer, {"value": task(order["payload"], order["fds"])})


def _own_stdout() -> int:
    answer = os.dup(1)
    os.dup2(2, 1)
    return answer


@contextmanager
def _problems_in(answer: int) -> Iterator[None]:
    try:
        yield
    except CheckProblem as problem:
        ours = [k.__name__ for k in type(problem).__mro__ if k.__module__ == CheckProblem.__module__]
        said = {"kind": ours[0], "message": problem.message, "advice": problem.advice}
        _say(answer, {"problem": said})
    except MemoryError:
        _say(answer, {"memory": True})


def _say(answer: int, what: dict[str, Any]) -> None:
    data = json.dumps(what, allow_nan=False).encode("ascii") + b"\n"
    while data:
        data = data[os.write(answer, data) :]


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # the answer is out: taking every object apart one by one would only take time
