"""Readiness: production-readiness gates for machine-learning models and services.

`from readiness import validate_readiness, ReadinessStatus` and the other names below load the engine when
they are asked for; neither Django nor Celery is needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from readiness.engine.errors import ReadinessError
    from readiness.engine.ready.config_sanity import check_config_sanity
    from readiness.engine.ready.contamination_risk import check_contamination_risk
    from readiness.engine.ready.contract_integrity import check_contract_integrity
    from readiness.engine.ready.hash_chain import check_hash_chain
    from readiness.engine.ready.privacy_safety import check_privacy_safety
    from readiness.engine.ready.regression_risk import check_regression_risk
    from readiness.engine.ready.report import ReadinessCheck, ReadinessReport
    from readiness.engine.ready.reproducibility import check_reproducibility
    from readiness.engine.ready.status import ReadinessStatus
    from readiness.engine.ready.text import format_readiness_report
    from readiness.engine.ready.validate import validate_readiness

__version__ = "0.1.0"
__all__ = [
    "ReadinessCheck",
    "ReadinessError",
    "ReadinessReport",
    "ReadinessStatus",
    "__version__",
    "check_config_sanity",
    "check_contamination_risk",
    "check_contract_integrity",
    "check_hash_chain",
    "check_privacy_safety",
    "check_regression_risk",
    "check_reproducibility",
    "format_readiness_report",
    "validate_readiness",
]

_HOMES = {
    "ReadinessCheck": "ready.report",
    "ReadinessError": "errors",
    "ReadinessReport": "ready.report",
    "ReadinessStatus": "ready.status",
    "format_readiness_report": "ready.text",
    "validate_readiness": "ready.validate",
}


def __getattr__(name: str) -> Any:
    """A public name, imported from its home when it is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, f"ready.{name.removeprefix('check_')}")
    value = getattr(import_module(f"{__name__}.engine.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
