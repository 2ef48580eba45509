"""Settings of a training configuration that are absurd or dangerous."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.outcome import quantity
from readiness.engine.ready import shape

# name: least (exclusive when it is a float), most; beyond them nobody trains on purpose
_RANGES: dict[str, tuple[float, float]] = {
    "learning_rate": (1e-9, 1.0),
    "lr": (1e-9, 1.0),
    "batch_size": (1, 1_000_000),
    "num_epochs": (1, 100_000),
    "epochs": (1, 100_000),
    "max_epochs": (1, 100_000),
    "dropout": (0.0, 0.95),
    "weight_decay": (0.0, 1.0),
    "max_seq_length": (1, 10_000_000),
    "max_null_ratio": (0.0, 0.5),
    "min_row_count": (10, 10**12),
}
_RATIOS = (
    "test_size",
    "val_size",
    "validation_split",
    "test_split",
    "min_f1",
    "min_accuracy",
    "min_exact_match",
)
_DANGEROUS = {
    "debug": True,
    "debug_mode": True,
    "trust_remote_code": True,
    "allow_pickle": True,
    "skip_validation": True,
    "skip_contamination": True,
    "disable_ssl": True,
    "insecure": True,
    "verify_ssl": False,
    "ssl_verify": False,
    "weights_only": False,
    "deterministic": False,
}
_MOST_DEPTH = 20


def odd(config: Mapping[str, Any], file: str) -> Iterator[str]:
    """A sentence for each setting out of its sane range, at any depth. Raises BadContent for other types."""
    for place, key, value in _walk(config, "", 0):
        if isinstance(value, bool) and _DANGEROUS.get(key) is value:
            yield f"Dangerous setting {place} ({str(value).lower()}) in {file}"
        elif value is not None and (key in _RANGES or key in _RATIOS) and not isinstance(value, dict | list):
            low, high = _RANGES.get(key, (0.0, 1.0))
            number = shape.as_number(_number(value), f"{file} · {place}")
            if not low <= number <= high:
                yield f"Absurd {place} ({quantity(number)}) in {file}; expected {low:g} to {high:g}"


def _number(value: Any) -> Any:
    """YAML 1.1 reads `1e-4` as text; it is a number for everybody else."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _walk(table: Mapping[Any, Any], prefix: str, depth: int) -> Iterator[tuple[str, str, Any]]:
    for name, value in table.items():
        key = str(name)
        yield f"{prefix}{key}", key.casefold(), value
        if isinstance(value, dict) and depth < _MOST_DEPTH:
            yield from _walk(value, f"{prefix}{key}.", depth + 1)
