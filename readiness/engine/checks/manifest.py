"""`manifest`: a release manifest says what is released, when, how to go back, and who agreed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Literal

from readiness.engine.errors import BadContent, FileMissing, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import data, digests
from readiness.engine.readers import release_manifest as parts
from readiness.engine.readers.release_manifest import NAMES, Part
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

PartName = Literal["release", "artifacts", "configuration", "window", "rollback", "approvals", "scorecard"]
_DEFAULT: tuple[PartName, ...] = ("artifacts", "configuration", "window", "rollback")


class ManifestParams(Params, frozen=True):
    """`require`: the parts that must be there; `keys`: what this producer calls them (dotted).

    `roles` must have approved; `release` is the expected version; artifacts' paths are relative to `base`
    (default: the run).
    """

    file: str
    require: tuple[PartName, ...] = _DEFAULT
    keys: dict[PartName, str] = {}
    roles: tuple[str, ...] = ()
    release: str = ""
    base: str = "."


@check("manifest", title="The release manifest is complete", short="file")
def manifest(want: ManifestParams, run: RunDirectory) -> Finding:
    """Reads a release manifest (JSON or YAML) and compares what it says with the run.

    Artifacts: each listed file is in the run and has the listed SHA-256. Configuration deltas: an object or
    a list, which may be empty. Rollout window: ends after it starts. Rollback plan: what to go back to, and
    how. Approvals: one with a name for each of `roles`. Scorecard: the named file is in the run. Usual names
    of the parts are known (`rollback_plan`, `rollbackPlan` …); others are given with `keys`. Fails on a part
    that is absent, empty, a placeholder or wrong. A plan or scorecard that nobody can look into is a warning.
    Write the missing part, or make the manifest again from the files that are released.

    ```yaml check
    manifest: {file: release-manifest.json, roles: [technical-lead], keys: {window: rollout.window}}
    ```
    """
    loaded = data.load(run, want.file)
    if not isinstance(loaded, Mapping):
        raise BadContent(f"{want.file} is no release manifest: not an object.", "Write one JSON object.")
    state = _Manifest(want, run, loaded)
    for name in NAMES:
        state.look(name)
    if not state.measured:
        raise ParameterError("`manifest` is asked for nothing.", "Name parts in `require`.")
    worries = [*state.problems, *state.warnings]
    return judged(
        state.measured,
        f"{want.file}: {'; '.join(worries[:6])}" if worries else _message(want, state.measured),
        advice="Write what is missing, or make the manifest again from the released files.",
        details={"problems": state.problems, "warnings": state.warnings},
        warn=bool(state.warnings),
    )


class _Manifest:
    """One manifest under examination: what was measured, and what is wrong."""

    def __init__(self, want: ManifestParams, run: RunDirectory, loaded: Mapping[str, Any]) -> None:
        self.want, self.run, self.loaded = want, run, loaded
        self.measured: list[Measurement] = []
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def look(self, name: str) -> None:
        """Examine one part; a part that is not required is examined when it is there."""
        asked = {"approvals": self.want.roles, "release": self.want.release}.get(name)
        needed = name in self.want.require or bool(asked)
        try:
            found = parts.part(self.loaded, name, self.want.keys.get(name, ""), self.want.file)  # type: ignore[call-overload]
            if found is None:
                if needed:
                    self._record(name, value=False, wanted=True, problem=f"{name} is missing")
                return
            getattr(self, f"_{name}")(found)
        except BadContent as problem:
            self._record(name, value=False, wanted=True, problem=f"{problem.message.rstrip('.')}")

    def _record(self, name: str, value: Any, wanted: Any, problem: str = "", unit: str | None = None) -> None:
        limit = wanted if isinstance(wanted, Limit) else Limit("==", wanted)
        label = name[:1].upper() + name[1:]
        self.measured.append(
            Measurement(name=label, value=value, unit=unit, limit=limit, source=self.want.file)
        )
        if self.measured[-1].ok is False:
            self.problems.append(problem)

    def _release(self, part: Part) -> None:
        text = part.value if isinstance(part.value, str) else ""
        wanted = self.want.release or text.strip()
        self._record(
            "release", text.strip() if parts.said(text) else None, wanted or "a version",
            f"{part.place} is {_shown(part.value)}, expected {wanted or 'a version'}",
        )  # fmt: skip

    def _artifacts(self, part: Part) -> None:
        listed = digests.of_data(part.value, part.place, "sha256")
        wrong = [
            why for path, entry in listed.items()
            if (why := self._differs((PurePosixPath(self.want.base) / path).as_posix(), entry.digest))
        ]  # fmt: skip
        self._record("artifacts that agree", len(listed) - len(wrong), len(listed), ", ".join(wrong[:5]))

    def _differs(self, path: str, digest: str) -> str:
        try:
            with self.run.open(path) as opened:
                same = self.run.used[opened.path].sha256 == digest
        except FileMissing:
            return f"{path} is missing"
        return "" if same else f"{path} has another SHA-256 than listed"

    def _configuration(self, part: Part) -> None:
        value = part.value
        sane = isinstance(value, list | Mapping) and (not value or parts.said(value))
        self._record("configuration", sane, wanted=True, problem=f"{part.place} lists no deltas")

    def _window(self, part: Part) -> None:
        start, end = parts.window(part)
        hours = (end - start).total_seconds() / 3600
        self._record("window", hours, Limit(">", 0), f"{part.place} does not end after it starts", unit="h")

    def _rollback(self, part: Part) -> None:
        gaps = parts.rollback_gaps(part)
        self._record(
            "rollback", not gaps, wanted=True, problem=f"{part.place} does not say {' and '.join(gaps)}"
        )
        if isinstance(part.value, str) and not gaps:
            self.warnings.append(f"{part.place} is only text: whether it names what and how was not checked")

    def _approvals(self, part: Part) -> None:
        given = parts.approvals(part)
        wanted = {parts.role(role): role for role in self.want.roles}
        absent = [label for role, label in wanted.items() if role not in given]
        if wanted:
            why = f"not approved by {', '.join(absent)}"
            self._record("approvals", len(wanted) - len(absent), len(wanted), why)
        else:
            self._record("approvals", len(given), Limit(">", 0), f"{part.place} names nobody who approved")

    def _scorecard(self, part: Part) -> None:
        path = part.value
        if not isinstance(path, str) or not parts.said(path):
            raise BadContent(f"{part.place} names no file.", "")
        if "://" in path:
            self._record("scorecard", value=True, wanted=True)
            self.warnings.append(f"{part.place} is an address: it was not looked at")
            return
        try:
            with self.run.open(path) as opened:
                there = opened.size > 0
        except FileMissing:
            there = False
        self._record("scorecard", there, wanted=True, problem=f"the scorecard {path} is missing or empty")


def _shown(value: Any) -> str:
    return repr(value)[:60] if isinstance(value, str | int | float | bool | None) else type(value).__name__


def _message(want: ManifestParams, measured: list[Measurement]) -> str:
    names = ", ".join(
        f"{m.name.lower()} {quantity(m.value, m.unit)}" if not isinstance(m.value, bool) else m.name.lower()
        for m in measured
    )
    return f"{want.file} is complete: {names}"
