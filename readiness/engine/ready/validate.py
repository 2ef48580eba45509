"""All seven checks on one run directory."""

from __future__ import annotations

from pathlib import Path

from readiness.engine.ready.check import Check
from readiness.engine.ready.config_sanity import check_config_sanity
from readiness.engine.ready.contamination_risk import check_contamination_risk
from readiness.engine.ready.contract_integrity import check_contract_integrity
from readiness.engine.ready.files import open_run
from readiness.engine.ready.hash_chain import check_hash_chain
from readiness.engine.ready.privacy_safety import check_privacy_safety
from readiness.engine.ready.regression_risk import check_regression_risk
from readiness.engine.ready.report import ReadinessReport
from readiness.engine.ready.reproducibility import check_reproducibility
from readiness.engine.target import RunDirectory

CHECKS: tuple[Check, ...] = (
    check_contract_integrity,
    check_hash_chain,
    check_privacy_safety,
    check_contamination_risk,
    check_regression_risk,
    check_config_sanity,
    check_reproducibility,
)


def validate_readiness(run_dir: str | Path | RunDirectory, run_id: str | None = None) -> ReadinessReport:
    """The report on a run; `run_id` defaults to the name of its directory.

    Raises ReadinessError when the directory is missing or not a directory; never for what lies in it.
    """
    files = open_run(run_dir)
    return ReadinessReport(run_id or files.run.root.name, tuple(check(files) for check in CHECKS))
