"""`reproducibility`: what is documented about the run is true of its files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from readiness.engine.errors import FileMissing, NotFound
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import data, facts, metrics, pythons, requirements
from readiness.engine.readers.facts import Facts
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

SHORTEST_DIGEST = 12
_SHOWN = ("Seed", "Config", "Checkpoint", "Epoch")
_EPOCH = re.compile(r"\bepoch\s*[:=]?\s*(\d{1,9})\b", re.IGNORECASE)
# What a report calls a framework, and the package's names on PyPI and in conda.
_PACKAGES = {"pytorch": ("torch", "pytorch"), "onnx runtime": ("onnxruntime",)}


class ReproducibilityParams(Params, frozen=True):
    """Where the run is documented, and the files it must agree with; keys are dotted.

    Of several `requirements` the first that exists counts.
    """

    report: str = "final_report.md"
    section: str = "Reproducibility"
    config: str = "configs/final_config.yaml"
    seed_key: str = "seed"
    checkpoint: str = "checkpoints/production/final_model_best.pt"
    metrics: str | None = None
    epoch_key: str = "best_epoch"
    requirements: str | tuple[str, ...] | None = None


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
    files must exist, the epoch must be that of the metrics file, and versions those of the requirements: a
    requirements file, a conda environment or a lock file, whose version of Python must agree too. A
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
    documented = facts.read(run, want.report, want.section)
    found = [_seed(want, run, documented), *_files(want, run, documented), *_epoch(want, run, documented)]
    found += _digests(want, run, documented)
    environment = documented.need("environment")
    found += [_has_versions(environment, documented), *_versions(want, run, environment)]
    bad = [fact for fact in found if fact.measurement.ok is False]
    shown = [f"{f.name.lower()} {f.documented}" for f in found if f.name in _SHOWN]
    said = f"Documented as in the files: {', '.join(shown)}; {environment}"
    if bad:
        said = "; ".join(f"{f.name}: documented {f.documented}, but {f.found} in {f.source}" for f in bad)
    return judged(
        [fact.measurement for fact in found],
        said,
        advice="Let the training script write the section from the run's own files.",
    )


def _seed(want: ReproducibilityParams, run: RunDirectory, documented: Facts) -> _Fact:
    seed = documented.first_word("seed")
    configured = data.lookup(data.load(run, want.config), want.seed_key, want.config)
    place = f"{want.config} · {want.seed_key}"
    return _Fact("Seed", seed, facts.whole(configured, place), place)


def _files(want: ReproducibilityParams, run: RunDirectory, documented: Facts) -> Iterator[_Fact]:
    for name, expected in (("config", want.config), ("checkpoint", want.checkpoint)):
        said = documented.first_word(name)
        if not run.exists(expected):
            raise FileMissing(f"The {name} {expected} is not in the run.", "Write it there, as documented.")
        with run.open(expected, verify=False) as opened:
            refuse_pointer(opened)
        yield _Fact(name.title(), said, expected, "the run")


def _epoch(want: ReproducibilityParams, run: RunDirectory, documented: Facts) -> Iterator[_Fact]:
    if want.metrics is None:
        return
    match = _EPOCH.search(documented.need("checkpoint"))
    recorded = metrics.value(run, want.metrics, want.epoch_key)
    place = f"{want.metrics} · {want.epoch_key}"
    yield _Fact("Epoch", match[1] if match else "none", facts.whole(recorded, place), place)


def _digests(want: ReproducibilityParams, run: RunDirectory, documented: Facts) -> Iterator[_Fact]:
    for name, path in (("Config", want.config), ("Checkpoint", want.checkpoint)):
        said = documented.get(f"{name.casefold()} sha-256").lower().removeprefix("sha256:")
        if not said:
            continue
        with run.open(path) as opened:
            digest = run.used[opened.path].sha256
        short = len(said) >= SHORTEST_DIGEST and digest.startswith(said)
        yield _Fact(f"{name} SHA-256", digest if short else said, digest, path)


def _has_versions(environment: str, documented: Facts) -> _Fact:
    names = {name.casefold() for name, _ in facts.versions(environment)}
    if "python" not in names or len(names) < 2:
        raise NotFound(
            f"{documented.place} does not give the versions of Python and a framework.",
            "Write for example: Environment: Python 3.11.7, PyTorch 2.1.0.",
        )
    return _Fact("Python and framework versions", "documented", "documented", documented.place)


def _versions(want: ReproducibilityParams, run: RunDirectory, environment: str) -> Iterator[_Fact]:
    if not want.requirements:
        return
    alternatives = (want.requirements,) if isinstance(want.requirements, str) else want.requirements
    file = requirements.first(run, alternatives)
    pinned = {r.name.lower(): r.version for r in requirements.read(run, file) if r.version}
    python = pythons.wanted(run, file)
    for name, said in facts.versions(environment):
        if python and name.casefold() == "python":
            yield _Fact(name, said, said if python.agrees(said) else python.spec, python.place)
            continue
        packages = _PACKAGES.get(name.casefold(), (name.casefold(),))
        version = next((pinned[p] for p in packages if p in pinned), None)
        if version:
            yield _Fact(name, version if _same(said, version) else said, version, file)


def _same(first: str, second: str) -> bool:
    # 2.1 and 2.1.0 are one version.
    try:
        return Version(first) == Version(second)
    except InvalidVersion:
        return False
