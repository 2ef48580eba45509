"""`contracts.yml`: read strictly; whatever is wrong is named with its key and line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from readiness.engine.checks.leakage import LeakageParams
from readiness.engine.checks.leakage import check_params as check_leakage
from readiness.engine.contracts.places import EXAMPLE, ContractError, explained, line_of
from readiness.engine.errors import BadContent, ParameterError
from readiness.engine.readers import plain_yaml
from readiness.engine.registry import Params
from readiness.engine.table_rules import ColumnRules, DataQualityParams
from readiness.engine.table_rules import check_params as check_quality
from readiness.engine.target import decode

MAX_BYTES = 1 << 20
MAX_CONTRACTS = 1000
Delimiter = Literal[",", ";", "\t", "|"]


class Contract(Params, frozen=True):
    """What all contracts say. `severity: warn` makes a broken contract a warning."""

    name: str
    severity: Literal["fail", "warn"] = "fail"
    delimiter: Delimiter | None = None


class TableContract(Contract, frozen=True):
    """About each table by itself. `dataset`: files or globs; without it the datasets of manifest.json."""

    dataset: str | tuple[str, ...] = ()
    columns: dict[str, ColumnRules] = msgspec.field(default_factory=dict)
    min_row_count: int = 1
    max_null_ratio: float | None = None
    max_duplicate_rows: int | None = None
    max_duplicate_ratio: float | None = None
    extra_columns: Literal["allow", "refuse"] = "allow"

    def params(self, file: str) -> DataQualityParams:
        """The same as parameters of the check `data-quality`, for one file."""
        return DataQualityParams(
            file=file,
            columns=self.columns,
            min_rows=self.min_row_count,
            max_null_ratio=self.max_null_ratio,
            max_duplicate_rows=self.max_duplicate_rows,
            max_duplicate_ratio=self.max_duplicate_ratio,
            extra_columns=self.extra_columns,
            delimiter=self.delimiter,
        )


class SchemaContract(TableContract, frozen=True, tag_field="type", tag="schema"):
    """Columns, their types and ranges."""


class CompletenessContract(TableContract, frozen=True, tag_field="type", tag="completeness"):
    """Rows, nulls and duplicates."""


class ContaminationContract(Contract, frozen=True, kw_only=True, tag_field="type", tag="contamination"):
    """No row of `test` stands in `train`; the parameters are those of the check `leakage`."""

    train: str | tuple[str, ...]
    test: str | tuple[str, ...]
    key: tuple[str, ...] = ()
    normalise: tuple[str, ...] = ()
    max_overlap_ratio: float = 0.0
    time_column: str | None = None
    min_gap_days: float = 0.0

    def params(self) -> LeakageParams:
        """The same as parameters of the check `leakage`."""
        return LeakageParams(
            train=self.train,
            test=self.test,
            key=self.key,
            normalise=self.normalise,
            max_overlap_ratio=self.max_overlap_ratio,
            time_column=self.time_column,
            min_gap_days=self.min_gap_days,
            delimiter=self.delimiter,
        )


class _File(Params, frozen=True):
    contracts: list[SchemaContract | CompletenessContract | ContaminationContract]
    schema_version: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class Config:
    """The contracts of one file, and the lower-case SHA-256 of its bytes."""

    name: str
    sha256: str
    contracts: tuple[SchemaContract | CompletenessContract | ContaminationContract, ...]


def parse(data: bytes, name: str) -> Config:
    """A configuration from the bytes of its YAML (or JSON). Raises ContractError naming key and line."""
    if len(data) > MAX_BYTES:
        raise ContractError(f"{name} is larger than 1 MB.", "Write fewer contracts.")
    try:
        text = decode(data, name)
        raw = plain_yaml.parse(text, name)
    except BadContent as problem:
        raise ContractError(problem.message, problem.advice) from None
    if not isinstance(raw, dict):
        raise ContractError(f"{name} holds no `contracts:`.", EXAMPLE)
    try:
        file = msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        raise explained(str(error), text, name, _wrong_column(raw)) from None
    _check(file, text, name)
    return Config(name, hashlib.sha256(data).hexdigest(), tuple(file.contracts))


def _wrong_column(raw: dict[str, Any]) -> str | None:
    """The first column in the file whose rules cannot be read."""
    contracts = raw.get("contracts")
    for contract in contracts if isinstance(contracts, list) else []:
        columns = contract.get("columns") if isinstance(contract, dict) else None
        for name, rules in columns.items() if isinstance(columns, dict) else []:
            try:
                msgspec.convert(rules, ColumnRules)
            except msgspec.ValidationError:
                return str(name)
    return None


def _check(file: _File, text: str, name: str) -> None:
    def wrong(said: str, advice: str, *steps: int) -> ContractError:
        line = line_of(text, ["contracts", *steps])
        return ContractError(f"{name} line {line}{said}", advice, line=line)

    seen: set[str] = set()
    if not 0 < len(file.contracts) <= MAX_CONTRACTS:
        raise wrong(f": {len(file.contracts)} contracts; nothing can be decided.", EXAMPLE)
    for place, contract in enumerate(file.contracts):
        if not contract.name.strip() or contract.name in seen:
            told = f": the name {contract.name!r} is empty or stands twice."
            raise wrong(told, "Give each contract its own name.", place)
        seen.add(contract.name)
        try:
            _check_one(contract)
        except ParameterError as problem:
            reason = problem.message.partition("`: ")[2] or problem.message
            raise wrong(f", contract {contract.name}: {reason}", problem.advice, place) from None


def _check_one(contract: SchemaContract | CompletenessContract | ContaminationContract) -> None:
    if isinstance(contract, ContaminationContract):
        check_leakage(contract.params())
        return
    if isinstance(contract, SchemaContract) and not contract.columns:
        raise ParameterError("a schema contract needs `columns`.", "Write each column with its rules.")
    if contract.min_row_count < 0:
        raise ParameterError("min_row_count is negative.", "Write the least number of rows.")
    check_quality(contract.params(""))
