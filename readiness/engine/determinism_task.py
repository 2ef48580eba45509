"""The child's side of `determinism`: two models on equal inputs, or two `.npz` (run by engine/child.py)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from readiness.engine.accuracy_task import load_all
from readiness.engine.errors import BadContent
from readiness.engine.onnx_feed import fitted, made_up, plan
from readiness.engine.onnx_outside import asks
from readiness.engine.onnx_tasks import open_checked, run_all

if TYPE_CHECKING:
    import numpy as np

_ROWS = 64


@asks
def compare_models(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Run two models on the same inputs. `fds`: both models, then the sample `.npz` if any.

    `payload`: names, rounds (of made-up inputs), data (the sample's name or None), images, inputs, dims.
    Returns `{compared, largest (relative to 1 or the value), where, differ (words or None)}`.
    """
    sessions = [open_checked(payload, fds, number) for number in (0, 1)]
    ports = [[(p.name, p.type, list(p.shape)) for p in session.get_inputs()] for session in sessions]
    if [port[:2] for port in ports[0]] != [port[:2] for port in ports[1]]:
        return _differ("the models take different inputs")
    found = _Largest()
    for feed in _feeds(payload, fds, sessions[0]):
        answers = [run_all(s, feed, payload["names"][n]) for n, s in enumerate(sessions)]
        if list(answers[0]) != list(answers[1]):
            return _differ("the models have different outputs")
        for name, first in answers[0].items():
            found.add(name[:80], first, answers[1][name])
    return found.told()


def compare_arrays(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Compare the arrays of two `.npz` files by name. `payload`: names, ignore. Returns as above."""
    first, second = (load_all(fd, name) for fd, name in zip(fds, payload["names"], strict=True))
    names = [sorted(set(held) - set(payload["ignore"])) for held in (first, second)]
    if names[0] != names[1]:
        return _differ(f"arrays {', '.join(names[0])[:80]} against {', '.join(names[1])[:80]}")
    found = _Largest()
    for name in names[0]:
        found.add(name[:80], first[name], second[name])
    return found.told()


def _differ(what: str) -> dict[str, Any]:
    return {"compared": 0, "largest": 0.0, "where": "", "differ": what}


def _feeds(payload: dict[str, Any], fds: list[int], session: Any) -> list[dict[str, np.ndarray]]:
    ports = session.get_inputs()
    named = payload | {"name": payload["names"][0]}
    if payload["data"] is None:
        rounds = range(payload["rounds"])
        return [{port.name: made_up(named | {"seed": seed}, port) for port in ports} for seed in rounds]
    chosen = plan(named, ports)
    held = load_all(fds[2], payload["data"])
    missing = [key for key in chosen.values() if key not in held]
    if missing:
        raise BadContent(f"{payload['data']} has no array {', '.join(missing)[:80]}.", "Name the arrays.")
    feed = {}
    for port in ports:
        fixed = (
            port.shape[0] if port.shape and isinstance(port.shape[0], int) and port.shape[0] > 0 else _ROWS
        )
        feed[port.name] = fitted(named, held[chosen[port.name]], chosen[port.name], port)[:fixed]
    return [feed]


class _Largest:
    """The largest difference so far, relative to the value where that is above 1."""

    def __init__(self) -> None:
        self.compared, self.largest, self.where, self.differ = 0, 0.0, "", ""

    def add(self, name: str, first: Any, second: Any) -> None:
        import numpy as np  # heavy: only in the child

        if not (isinstance(first, np.ndarray) and isinstance(second, np.ndarray)):
            self.differ = self.differ or ("" if first == second else f"{name} is not the same")
            self.compared += 1
        elif (first.shape, first.dtype.kind) != (second.shape, second.dtype.kind):
            self.differ = self.differ or f"{name} has another shape or type"
        elif first.dtype.kind not in "fiubc":
            self.compared += first.size
            self.differ = self.differ or ("" if bool((first == second).all()) else f"{name} is not the same")
        else:
            self._numbers(name, first, second)

    def _numbers(self, name: str, first: np.ndarray, second: np.ndarray) -> None:
        import numpy as np  # heavy: only in the child

        wide = complex if first.dtype.kind == "c" else float
        left, right = first.astype(wide), second.astype(wide)
        self.compared += first.size
        if not (np.isfinite(left).all() and np.isfinite(right).all()):
            self.differ = self.differ or f"{name} holds NaN or infinity"
        elif first.size:
            scale = np.maximum(1, np.maximum(np.abs(left), np.abs(right)))
            largest = float((np.abs(left - right) / scale).max())
            if not np.array_equal(first, second):  # whole numbers beyond 2^53 are alike as floats
                largest = max(largest, sys.float_info.epsilon)
            if largest > self.largest:
                self.largest, self.where = largest, name

    def told(self) -> dict[str, Any]:
        return {
            "compared": self.compared,
            "largest": self.largest,
            "where": self.where,
            "differ": self.differ or None,
        }
