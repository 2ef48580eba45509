"""Every place in the product that writes a file, with the reason why nothing half-written is believed.

A new one fails here until it goes through `engine/atomic.py` or `blobs.py`, or is listed with its reason.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HELPERS = {"readiness/engine/atomic.py", "checklists/blobs.py"}
SCRATCH = "a file that ends with its process or its block, and that nothing reads afterwards"

# Module and call, how often, and how it is safe.
REVIEWED: dict[tuple[str, str], tuple[int, str]] = {
    ("readiness/engine/atomic.py", "NamedTemporaryFile"): (
        1,
        "the helper: temporary, synced, renamed, synced",
    ),
    ("readiness/engine/atomic.py", "replace"): (2, "the helper"),
    ("readiness/engine/atomic.py", "link"): (1, "the helper: creates, never replaces"),
    ("checklists/blobs.py", "mkstemp"): (1, "the helper: temporary, synced, renamed, synced"),
    ("checklists/blobs.py", "open w"): (2, "the helper, into the temporary file"),
    ("checklists/blobs.py", "replace"): (2, "the helper"),
    ("checklists/blob_uses.py", "replace"): (2, "sets a file aside that no row names, and puts it back"),
    ("checklists/parts.py", "os.open O_CREAT"): (
        1,
        "a part grows in place; its digest is compared at the end",
    ),
    ("checklists/backups/making.py", "TemporaryFile"): (1, SCRATCH),
    ("checklists/actions/archives.py", "TemporaryFile"): (1, SCRATCH),
    ("checklists/actions/archives.py", "copyfileobj"): (1, "into that file"),
    ("checklists/actions/run_directory.py", "mkdtemp"): (1, "a directory under a temporary name"),
    ("checklists/actions/run_directory.py", "open w"): (1, "an empty lock file"),
    ("checklists/actions/run_directory.py", "open x"): (1, "into that directory, synced before its rename"),
    ("checklists/actions/run_directory.py", "rename"): (2, "the whole directory appears, or goes, at once"),
    ("checklists/actions/checkpoint_file.py", "os.open O_CREAT"): (
        1,
        "appended to, synced, cut back after an error; half a note has no signature",
    ),
    ("checklists/actions/sealing.py", "os.open O_CREAT"): (1, "a temporary file beside the sealed one"),
    ("checklists/actions/sealing.py", "open w"): (1, "into it; synced and read back before it is named"),
    ("checklists/actions/sealing.py", "link"): (1, "and named, before the rows that it holds may go"),
    ("checklists/certificates.py", "os.open O_CREAT"): (1, "a temporary file, synced"),
    ("checklists/certificates.py", "rename"): (1, "to its name, and the folder synced"),
    ("checklists/management/commands/audit.py", "open x"): (1, "an export for people; never replaces a file"),
    ("checklists/reads/verifying.py", "TemporaryFile"): (1, SCRATCH),
    ("checklists/reports/typeset.py", "write_bytes"): (1, "fonts, in the child's own scratch directory"),
    ("checklists/reports/typeset.py", "write_text"): (1, "their configuration, in the same place"),
    ("readiness/cli.py", "os.open O_WRONLY"): (1, "/dev/null"),
    ("readiness/embedded.py", "mkdtemp"): (1, "the broker's directory; it keeps nothing on disk"),
    ("readiness/processes.py", "open a"): (1, "a process's log, which nothing reads but people"),
    ("readiness/engine/child.py", "TemporaryDirectory"): (1, SCRATCH),
    ("readiness/engine/child.py", "TemporaryFile"): (1, SCRATCH),
    ("readiness/engine/confine.py", "write_text"): (1, "/proc/self/oom_score_adj"),
    ("readiness/engine/suites/log.py", "os.open O_CREAT"): (
        1,
        "an attempt's log; the scorecard comes after it",
    ),
    ("readiness/engine/table_load.py", "open w"): (1, "a pipe"),
    ("readiness/engine/testing.py", "write_bytes"): (1, "made-up runs for tests of checks"),
    ("readiness/engine/watch.py", "rename"): (1, "clears a scratch directory"),
}
TEMPORARY = {"NamedTemporaryFile", "TemporaryFile", "TemporaryDirectory", "SpooledTemporaryFile"}
MAKES = TEMPORARY | {"mkstemp", "mkdtemp", "write_text", "write_bytes", "touch", "copyfileobj", "link_to"}
COPIES = {"copy", "copy2", "copyfile", "copytree", "move"}
NAMES = {"rename", "renames", "replace", "link", "symlink", "hardlink_to", "symlink_to"}
MODE = re.compile(r"[rwaxbt+U]{1,4}")


def calls(source: str) -> Iterator[str]:
    """Each call that writes or names a file, as the table has it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (found := _writes(node)):
            yield found


def _writes(call: ast.Call) -> str:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    owner = _owner(function)
    if name in MAKES:
        return name
    if name == "open":
        return _opened(call, owner)
    if name in COPIES and owner == "shutil":
        return f"shutil.{name}"
    if name == "sendfile" or (
        name in NAMES and (owner == "os" or (len(call.args) == 1 and not call.keywords))
    ):
        return name
    return ""


def _owner(function: ast.expr) -> str:
    on_name = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
    return function.value.id if on_name else ""  # type: ignore[attr-defined]  # asked in the line above


def _opened(call: ast.Call, owner: str) -> str:
    text = ast.unparse(call)
    if owner == "os":
        flags = next((flag for flag in ("O_CREAT", "O_WRONLY", "O_RDWR") if flag in text), "")
        return f"os.open {flags}" if flags else ""
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    modes = [arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    mode = next((mode for mode in modes if MODE.fullmatch(mode) and set(mode) & set("wax+")), "")
    return f"open {next(letter for letter in 'wax+' if letter in mode)}" if mode else ""


def found() -> Counter[tuple[str, str]]:
    """What the product's modules do."""
    every = Counter[tuple[str, str]]()
    for folder in ("readiness", "checklists"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = str(path.relative_to(ROOT))
            every.update((module, call) for call in calls(path.read_text(encoding="utf-8")))
    return every


def test_every_write_is_reviewed():
    """The calls in the product are exactly those of the table, as often."""
    assert dict(found()) == {place: count for place, (count, _) in REVIEWED.items()}


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("open(path, 'w')", "open w"),
        ("path.open('xb')", "open x"),
        ("path.open(mode='ab')", "open a"),
        ("os.open(path, os.O_CREAT | os.O_WRONLY)", "os.open O_CREAT"),
        ("Path(name).write_text(text)", "write_text"),
        ("shutil.copy2(a, b)", "shutil.copy2"),
        ("tempfile.mkstemp()", "mkstemp"),
        ("path.rename(other)", "rename"),
        ("os.replace(a, b)", "replace"),
    ],
)
def test_walk_sees(source, call):
    """Every way to write is seen."""
    assert list(calls(source)) == [call]


@pytest.mark.parametrize("source", ["open(path)", "path.open('rb')", "text.replace('a', 'b')", "copy(x)"])
def test_walk_leaves(source):
    """Reading is not writing."""
    assert list(calls(source)) == []
