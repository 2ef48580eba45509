"""Config sanity: no threshold and no setting is absurd or dangerous."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.outcome import Finding, Limit, Measurement
from readiness.engine.ready import layout, settings, shape
from readiness.engine.ready.check import finding, readiness_check
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.layout import CONFIG, Layout
from readiness.engine.ready.listing import MANIFEST
from readiness.engine.ready.status import ReadinessStatus

PASSED = "Configuration looks reasonable"
WARNED = "Configuration warnings: "
LEAST_ROWS = 10
MOST_ROWS = 10**12
MOST_NULLS = 0.5
_CONFIGS = (CONFIG, "config.yml", "transform_config.yaml")


@readiness_check("config_sanity")
def check_config_sanity(files: RunFiles) -> Finding:
    """The contracts' thresholds and the settings of config.yaml are within sane limits."""
    warnings: list[str] = []
    measured: list[Measurement] = []
    looked = False
    kind = layout.of(files)
    for place, name, contract in _contracts(files):
        looked = True
        warnings += _thresholds(contract, name, place, measured)
    for config in _CONFIGS:
        value = files.yaml(config)
        if value is not None:
            looked = True
            warnings += settings.odd(shape.as_object(value, config), config)
    if kind is not Layout.TRAINING and not _contracts_there(files):
        warnings.append(f"{MANIFEST} has no contracts" if files.there(MANIFEST) else "No manifest to check")
    if layout.training(files) and not any(files.there(name) for name in _CONFIGS):
        warnings.append(f"{CONFIG} is not there")
    if warnings or not looked:
        return finding(
            ReadinessStatus.WARN,
            _message(warnings),
            details={"warnings": warnings[:50]},
            measurements=measured,
        )
    return finding(ReadinessStatus.PASS, PASSED, measurements=measured)


def _message(warnings: list[str]) -> str:
    """One warning that names its value stands alone."""
    alone = len(warnings) == 1 and "(" in warnings[0]
    return warnings[0] if alone else WARNED + "; ".join(warnings[:5])


def _contracts_there(files: RunFiles) -> bool:
    return bool((files.object(MANIFEST) or {}).get("contracts"))


def _contracts(files: RunFiles) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Place, name and thresholds of each contract: a list of objects or names, or a table by name."""
    value = (files.object(MANIFEST) or {}).get("contracts")
    place = f"{MANIFEST} · contracts"
    if isinstance(value, dict):
        for name, entry in shape.as_object(value, place).items():
            yield f"{place}.{name}", name, shape.as_object(entry, f"{place}.{name}")
    elif value is not None:
        for number, entry in enumerate(shape.as_list(value, place)):
            spot = f"{place}.{number}"
            if isinstance(entry, str):
                yield spot, shape.as_text(entry, spot), {}
                continue
            contract = shape.as_object(entry, spot)
            yield spot, shape.as_text(contract.get("name"), f"{spot}.name"), contract


def _thresholds(
    contract: Mapping[str, Any], name: str, place: str, measured: list[Measurement]
) -> Iterator[str]:
    rows = contract.get("min_row_count")
    if rows is not None:
        count = shape.as_count(rows, f"{place}.min_row_count")
        measured.append(_measured(f"{name}.min_row_count", count, Limit(">=", LEAST_ROWS), "rows"))
        if count < LEAST_ROWS:
            yield f"Very low min_row_count in {name}"
        if count > MOST_ROWS:
            yield f"Very high min_row_count ({count}) in {name} contract"
    for key in sorted(contract):
        if key.endswith(("_ratio", "_rate", "_fraction")) and contract[key] is not None:
            ratio = _ratio(contract[key], f"{place}.{key}")
            if key == "max_null_ratio":
                measured.append(_measured(f"{name}.{key}", ratio, Limit("<=", MOST_NULLS)))
            if key.startswith("max_") and ratio > MOST_NULLS:
                yield f"Very high {key} ({ratio:g}) in {name} contract"


def _ratio(value: Any, place: str) -> float:
    ratio = shape.as_number(value, place)
    if not 0 <= ratio <= 1:
        raise BadContent(f"{place} is {ratio:g}; expected a ratio from 0 to 1.", "Correct the contract.")
    return ratio


def _measured(name: str, value: float, limit: Limit, unit: str | None = None) -> Measurement:
    return Measurement(name=name, value=value, unit=unit, limit=limit, source=MANIFEST)
