"""Values in JSON, JSON Lines, YAML, TOML and CSV files, by key; what is not plain data is refused."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers import keys, plain_json, plain_text, plain_toml, plain_yaml
from readiness.engine.readers.keys import Column
from readiness.engine.target import RunDirectory

MAX_ROWS = 1_000_000
# Files whose ending does not tell: https://dvc.org/doc/user-guide/project-structure (dvc.lock),
# https://mlflow.org/docs/latest/ml/model/ (MLmodel), and the lock files of uv, Poetry and PDM.
_YAML_NAMES = frozenset({"dvc.lock", "MLmodel", "registered_model_meta"})
_UNKNOWN = (
    "Its name does not tell its format, so JSON was tried: name it .json, .yaml, .toml, .csv or .md,"
    " or use the kind of check for such files, as `log` or `checkpoint`."
)
_TOML_NAMES = frozenset({"uv.lock", "poetry.lock", "pdm.lock"})


def load(run: RunDirectory, file: str) -> Any:
    """Plain data of a JSON, JSON Lines (a list of its rows), YAML or TOML file, by its name.

    Raises BadContent, FileMissing, LimitExceeded.
    """
    path = PurePosixPath(file)
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml", ".dvc") or path.name in _YAML_NAMES:
        return plain_yaml.parse(plain_text.read(run, file, plain_yaml.LIMIT), file)
    if suffix == ".toml" or path.name in _TOML_NAMES:
        return plain_toml.parse(plain_text.read(run, file, plain_toml.LIMIT), file)
    if suffix in (".jsonl", ".ndjson"):
        return _json_lines(plain_text.read(run, file), file)
    try:
        return plain_json.parse(plain_text.read(run, file), file)
    except BadContent as problem:
        if suffix == ".json":
            raise
        raise BadContent(problem.message, _UNKNOWN) from None


def _json_lines(text: str, file: str) -> list[Any]:
    lines = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    rows = [plain_json.parse(line, f"{file} line {number}") for number, line in islice(lines, MAX_ROWS + 1)]
    if not rows:
        raise BadContent(f"{file} is empty.", "Write one object on each line.")
    if len(rows) > MAX_ROWS:
        raise BadContent(f"{file} has more than {MAX_ROWS} lines.", "Write fewer, for example one per epoch.")
    return rows


def read_csv(run: RunDirectory, file: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV (or `.tsv`) file, cells stripped.

    Raises BadContent for uneven rows and doubled columns.
    """
    header, *body = csv_rows(run, file)
    if len(set(header)) != len(header):
        raise BadContent(f"{file} has two columns of the same name.", "Name each column once.")
    for number, row in enumerate(body, 2):
        if len(row) != len(header):
            raise BadContent(f"{file} row {number} has {len(row)} cells, the header {len(header)}.", "")
    return header, body


def csv_rows(run: RunDirectory, file: str) -> list[list[str]]:
    """All rows of a CSV (or `.tsv`) file that are not blank, cells stripped. Raises BadContent for none."""
    delimiter = "\t" if PurePosixPath(file).suffix.lower() == ".tsv" else ","
    reader = csv.reader(io.StringIO(plain_text.read(run, file), newline=""), strict=True, delimiter=delimiter)
    try:
        rows = [[cell.strip() for cell in row] for row in islice(filter(None, reader), MAX_ROWS + 2)]
    except csv.Error as error:
        raise BadContent(f"{file} is not usable CSV: {error} (line {reader.line_num}).", "") from None
    if not rows:
        raise BadContent(f"{file} is empty.", "Write a header and rows.")
    if len(rows) > MAX_ROWS + 1:
        raise BadContent(f"{file} has more than {MAX_ROWS} rows.", "Write fewer, for example one per epoch.")
    return rows


def lookup(data: Any, key: str, file: str) -> Any:
    """The value under a key (see `keys.find`); a column of a list of objects as a plain list.

    Raises NotFound, BadContent.
    """
    found = keys.find(data, key, file)
    return found.values if isinstance(found, Column) else found
