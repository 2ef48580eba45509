"""`run-validator`: one of the seven checks of `readiness ready`, as an item of a checklist."""

from __future__ import annotations

from typing import Literal

from readiness.engine.outcome import Finding, Outcome
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.ready.validate import CHECKS
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

Name = Literal[
    "contract_integrity",
    "hash_chain",
    "privacy_safety",
    "contamination_risk",
    "regression_risk",
    "config_sanity",
    "reproducibility",
]
_BY_NAME = {function.__name__.removeprefix("check_"): function for function in CHECKS}
_WARNED = {"pass": Outcome.WARN, "review": Outcome.SKIP, "fail": Outcome.FAIL}


class RunValidatorParams(Params, frozen=True):
    """`check` is one of the seven; `warnings` says what a warning does to the item: it passes and is shown,
    waits for a person's review, or fails.
    """

    check: Name
    warnings: Literal["pass", "review", "fail"] = "review"


@check("run-validator", title="The run validator finds nothing", short="check")
def run_validator(want: RunValidatorParams, run: RunDirectory) -> Finding:
    """Asks one of the seven checks of `readiness ready` about the run: contract integrity, hash chain,
    privacy safety, contamination risk, regression risk, config sanity or reproducibility.

    Each reads the run's own files (`manifest.json`, `decision.json`, `redaction_audit.json`, the data …) and
    believes no claim that they contradict. It fails when what is there is wrong. A warning says that
    something is not there, was not looked at, or is odd: unless `warnings` says otherwise, the check is then
    skipped, and the item stays open until somebody has looked.

    To resolve: the message names file and place, and often the command that helps (`readiness audit`,
    `readiness seal`, `readiness decide`).

    ```yaml check
    run-validator: {check: privacy_safety, warnings: review}
    ```
    """
    found = _BY_NAME[want.check](run)
    warned = found.status is ReadinessStatus.WARN
    return Finding(
        outcome=_WARNED[want.warnings] if warned else found.status.outcome,
        message=f"Warning: {found.message}" if warned else found.message,
        advice=found.advice,
        details=found.details,
        measurements=found.measurements,
    )
