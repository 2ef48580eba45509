"""`reproducibility`: what is documented about the run is true of its files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import re2
from packaging.version import InvalidVersion, Version

from readiness.engine.errors import BadContent, FileMissing, NotFound
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import data, documents, metrics, requirements
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

LONGEST_FIELD = 1000
SHORTEST_DIGEST = 12
_SHOWN = ("Seed", "Config", "Checkpoint", "Epoch")
_FIELD = re2.compile(r"^[\s>*+\-]*(?P<name>[A-Za-z][\w /()\-]{0,40}?)\**\s*:\**\s*(?P<value>\S.*)$")
_CODE = re.compile(r"[`*]")
_VERSION = re.compile(r"\b(?P<name>[A-Za-z][\w.\-]*)\s+v?(?P<version>\d+(?:\.\d+)+)(?P<local>\+[\w.]+)?")
_EPOCH = re.compile(r"\bepoch\s*[:=]?\s*(\d{1,9})\b", re.IGNORECASE)
_WHOLE = re.compile(r"\d{1,20}")
_PACKAGES = {"pytorch": "torch", "onnx runtime": "onnxruntime", "scikit-learn": "scikit-learn"}


class ReproducibilityParams(Params, frozen=True):
    """Where the run is documented, and the files it must agree with; keys are dotted."""

    report: str = "final_report.md"
    section: str = "Reproducibility"
    config: str = "configs/final_config.yaml"
    seed_key: str = "seed"
    checkpoint: str = "checkpoints/production/final_model_best.pt"
    metrics: str | None = None
    epoch_key: str = "best_epoch"
    requirements: str | None = None


@dataclass(frozen=True, slots=True)
class _Fact:
    """One documented fact beside what the files say."""

    name: str
    documented: str
    found: str
    source: str

    @property
    def measurement(self) -> Measurement:
        return Measurement(
            name=self.name, value=self.documented, limit=Limit("==", self.found), source=self.source
        )


@check("reproducibility", title="The run can be repeated")
def reproducibility(want: ReproducibilityParams, run: RunDirectory) -> Finding:
    """Reads the section of the report that says how to repeat the run, and compares it with the files.

    Seed, configuration, checkpoint (with its epoch) and environment (the version of Python and of the
    framework) must be documented as lines `Name: value`. The seed must be the configuration's, the named
    files must exist, the epoch must be that of the metrics file, and versions those of the requirements. A
    `Checkpoint SHA-256` or `Config SHA-256` that is documented must be that of the file.
    Let the training script write this section, so that it is never copied from an earlier run.

    ```yaml check
    reproducibility:
      report: final_report.md
      config: configs/final_config.yaml
      checkpoint: checkpoints/production/final_model_best.pt
      metrics: results/production/metrics.json
    ```
    """
    fields = _fields(want, run)
    facts = [_seed(want, run, fields), *_files(want, run, fields), *_epoch(want, run, fields)]
    facts += _digests(want, run, fields)
    environment = _field(want, fields, "environment")
    facts.append(_has_version(environment, want))
    facts += _versions(want, run, environment)
    measured = [fact.measurement for fact in facts]
    bad = [fact for fact in facts if fact.measurement.ok is False]
    shown = [f"{f.name.lower()} {f.documented}" for f in facts if f.name in _SHOWN]
    said = f"Documented as in the files: {', '.join(shown)}; {environment}"
    if bad:
        said = "; ".join(f"{f.name}: documented {f.documented}, but {f.found} in {f.source}" for f in bad)
    return judged(
        measured, said, advice="Let the training script write the section from the run's own files."
    )


def _fields(want: ReproducibilityParams, run: RunDirectory) -> dict[str, str]:
    found = documents.sections(run.read_text(want.report), want.report)
    section = next((s for s in found if s.title.casefold() == want.section.casefold()), None)
    if section is None:
        raise NotFound(
            f"{want.report} has no section “{want.section}”.",
            "Document seed, config, checkpoint, environment.",
        )
    lines = (line for line in documents.plain_lines(section.text) if len(line) <= LONGEST_FIELD)
    pairs = [(m["name"].strip(), m["value"]) for line in lines if (m := _FIELD.match(line))]
    pairs += [(label, cells[0]) for label, cells in documents.table_cells(section.text, want.report) if cells]
    fields: dict[str, str] = {}
    for name, value in pairs:
        said = _CODE.sub("", value).strip()
        if fields.setdefault(name.casefold(), said) != said:
            raise BadContent(f"{want.report} · {want.section} gives {name[:40]} twice.", "Keep the true one.")
    return fields


def _field(want: ReproducibilityParams, fields: dict[str, str], name: str) -> str:
    if not fields.get(name):
        raise NotFound(
            f"{want.report} · {want.section} does not document the {name}.",
            f"Add a line `{name.title()}: …`.",
        )
    return fields[name]


def _seed(want: ReproducibilityParams, run: RunDirectory, fields: dict[str, str]) -> _Fact:
    documented = _field(want, fields, "seed").split()[0].rstrip(",;.")
    configured = data.lookup(data.load(run, want.config), want.seed_key, want.config)
    place = f"{want.config} · {want.seed_key}"
    return _Fact("Seed", documented, _whole(configured, place), place)


def _whole(value: Any, where: str) -> str:
    """A whole number as text: 42, 42.0 and "42" are one; nothing else is a seed or an epoch."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if isinstance(value, bool) or not _WHOLE.fullmatch(text):
        raise BadContent(f"{where} is {text[:40]!r}, not a whole number.", "Write the one that was used.")
    return text


def _files(want: ReproducibilityParams, run: RunDirectory, fields: dict[str, str]) -> Iterator[_Fact]:
    for name, expected in (("config", want.config), ("checkpoint", want.checkpoint)):
        documented = _field(want, fields, name).split()[0].rstrip(",;")
        if not run.exists(expected):
            raise FileMissing(f"The {name} {expected} is not in the run.", "Write it there, as documented.")
        yield _Fact(name.title(), documented, expected, "the run")


def _epoch(want: ReproducibilityParams, run: RunDirectory, fields: dict[str, str]) -> Iterator[_Fact]:
    if want.metrics is None:
        return
    match = _EPOCH.search(_field(want, fields, "checkpoint"))
    recorded = metrics.value(run, want.metrics, want.epoch_key)
    documented = match[1] if match else "none"
    place = f"{want.metrics} · {want.epoch_key}"
    yield _Fact("Epoch", documented, _whole(recorded, place), place)


def _digests(want: ReproducibilityParams, run: RunDirectory, fields: dict[str, str]) -> Iterator[_Fact]:
    for name, path in (("Config", want.config), ("Checkpoint", want.checkpoint)):
        documented = fields.get(f"{name.casefold()} sha-256", "").lower().removeprefix("sha256:")
        if not documented:
            continue
        with run.open(path) as opened:
            digest = run.used[opened.path].sha256
        short = len(documented) >= SHORTEST_DIGEST and digest.startswith(documented)
        yield _Fact(f"{name} SHA-256", digest if short else documented, digest, path)


def _has_version(environment: str, want: ReproducibilityParams) -> _Fact:
    names = {m["name"].casefold() for m in _VERSION.finditer(environment)}
    if "python" not in names or len(names) < 2:
        raise NotFound(
            f"{want.report} · {want.section} does not give the versions of Python and a framework.",
            "Write for example: Environment: Python 3.11.7, PyTorch 2.1.0.",
        )
    return _Fact("Python and framework versions", "documented", "documented", want.report)


def _versions(want: ReproducibilityParams, run: RunDirectory, environment: str) -> Iterator[_Fact]:
    if want.requirements is None:
        return
    pinned = {r.name.lower(): r.text for r in requirements.read(run, want.requirements) if r.pinned}
    for match in _VERSION.finditer(environment):
        name = match["name"].casefold()
        package = _PACKAGES.get(name, name)
        if package in pinned and "==" in pinned[package]:
            # "2.13.0+cpu" and "2.13.0" name the same release; the local part says how it was built.
            version = pinned[package].split("==")[1].lstrip("=").split(";")[0].split("+")[0].strip()
            said = version if _same(match["version"], version) else match["version"]
            yield _Fact(match["name"], said, version, want.requirements)


def _same(first: str, second: str) -> bool:
    # 2.1 and 2.1.0 are one version.
    try:
        return Version(first) == Version(second)
    except InvalidVersion:
        return False
