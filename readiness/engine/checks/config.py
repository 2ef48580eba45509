"""`config`: a configuration that is valid, within limits, and not dangerous."""

from __future__ import annotations

from typing import Any

from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.readers import config_file, config_rules, json_schema
from readiness.engine.readers.config_rules import Rule
from readiness.engine.readers.json_schema import Violation
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

MAX_SHOWN = 5


class ConfigParams(Params, frozen=True):
    """`schema`: a JSON Schema, inline or a file of the run. `limits` maps a dotted key to `at_least`,
    `at_most`, `one_of`, `type` (string, integer, number, boolean, array, object) and `required` (yes, unless
    false). `refuse` maps a key or glob (`*.debug`) to the value, or the list of values, that it must not
    have. `schema_version` names the accepted versions of the file's own format.
    """

    file: str
    schema: str | dict[str, Any] | None = None
    limits: dict[str, Rule] = {}  # msgspec copies it
    refuse: dict[str, Any] = {}
    schema_version: str | int | float | tuple[str | int | float, ...] | None = None
    schema_version_key: str = "schema_version"

    def __post_init__(self) -> None:
        if not (self.schema or self.limits or self.refuse or self.schema_version is not None):
            raise ValueError("it needs `schema`, `limits`, `refuse` or `schema_version`")


@check("config", title="A configuration is valid and safe")
def config(want: ConfigParams, run: RunDirectory) -> Finding:
    """Reads a YAML, TOML, JSON or INI file and holds it against a JSON Schema, limits and refused values.

    Fails on an empty file, on every place that breaks the schema (formats included; references only inside
    the schema, in a checklist as `#/definitions/…`, because `$name` is a parameter), on a limit that is not
    held or whose key is missing, on a refused value however it is spelled (`true`, "yes", `on`, 1), and on
    another `schema_version` than the accepted ones. A refused key that the file does not set is not found:
    require it with `limits` where its default is dangerous. Secrets are not shown. Correct the file, or the
    limit in the checklist.

    ```yaml check
    config:
      file: configs/final_config.yaml
      limits:
        optimiser.learning_rate: {type: number, at_least: 0.000001, at_most: 1}
        seed: {type: integer, at_least: 0}
      refuse: {"*debug": true, "*.host": "0.0.0.0"}
    ```
    """
    loaded = config_file.load(run, want.file)
    found = config_file.settings(loaded, want.file)
    text = want.file.lower().endswith(config_file.INI)
    measured = [Measurement(name="Settings", value=len(found), limit=Limit(">", 0), source=want.file)]
    if want.schema_version is not None:
        stated = want.schema_version
        versions = stated if isinstance(stated, tuple) else (stated,)
        measured.append(config_rules.version(loaded, want.schema_version_key, versions, want.file, text=text))
    for key, rule in want.limits.items():
        measured += config_rules.judge(loaded, key, rule, want.file, text=text)
    measured += config_rules.refused(found, want.refuse, want.file)
    broken, isolation = _broken(want, run, loaded)
    if want.schema:
        measured.append(
            Measurement(name="Schema errors", value=len(broken), limit=Limit("==", 0), source=want.file)
        )
    details: dict[str, Any] = {"schema_errors": [{"place": v.place, "said": v.said} for v in broken]}
    return judged(
        measured,
        _message(want, measured, broken),
        advice="Correct the configuration, or the limits in the checklist.",
        details=details | ({"isolation": isolation} if isolation else {}),
    )


def _broken(want: ConfigParams, run: RunDirectory, loaded: dict[str, Any]) -> tuple[list[Violation], str]:
    return json_schema.violations(run, loaded, want.schema) if want.schema else ([], "")


def _message(want: ConfigParams, measured: list[Measurement], broken: list[Violation]) -> str:
    said = [f"{v.place or 'the top level:'} {v.said}" for v in broken]
    counted = ("Settings", "Schema errors", "Refused settings")
    said += [
        f"{m.name} is missing"
        if m.limit == Limit("==", "set")
        else f"{m.name} is {m.observed}, needs {m.expected}"
        for m in measured
        if m.ok is False and m.name not in counted
    ]
    if said:
        more = f" and {len(said) - MAX_SHOWN} more" if len(said) > MAX_SHOWN else ""
        return f"{want.file}: {'; '.join(said[:MAX_SHOWN])}{more}"
    return f"{measured[0].value} settings in {want.file}, none refused, all within their limits"
