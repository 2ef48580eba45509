"""`readiness verify`: a report or an audit bundle, verified with a public key and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.commands._shared import Exit, safe_json

if TYPE_CHECKING:
    from readiness.engine.sealed.keys import Keyring

MOST_TEXT = 64 << 20
INSTALL = "Install it with: pip install 'readiness[security]'."


@click.command(short_help="Verify a report (PDF) or an audit bundle (ZIP).")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The installation's public keys (PEM, or what it exports), got another way than with FILE.",
)
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Checkpoints of the audit log that you were sent and kept.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(file: Path, *, keys: tuple[Path, ...], checkpoints: tuple[Path, ...], as_json: bool) -> int:
    """Verify FILE offline, claim by claim: verified, not verified, or failed.

    Keys that lie in FILE are never trusted: without --key its origin is not verified. Exit code: 0 verified,
    1 failed or not verified, 2 wrong usage or a file that is neither a report nor a bundle.
    """
    import json

    with _extras():
        from readiness.engine.sealed.verify import Result, confined, words

        found = confined.verify_file(file, _ring(keys), {str(path): _read(path) for path in checkpoints})
    if as_json:
        click.echo(safe_json(json.dumps(found.to_dict(), indent=2, ensure_ascii=False)))
    else:
        click.echo(words.text(found))
    return Exit.READY if found.result is Result.VERIFIED else Exit.NOT_READY


def _ring(paths: tuple[Path, ...]) -> Keyring:
    """The keys of all files. Raises BadContent, also for two files that say different things of one key."""
    from readiness.engine.errors import BadContent
    from readiness.engine.sealed import keys

    found: dict[str, keys.Key] = {}
    for path in paths:
        for key in keys.read(_read(path), str(path)).keys:
            if found.setdefault(key.id, key) != key:
                raise BadContent(
                    f"{path} says something else of the key {key.id[:12]}… than another file that you named.",
                    "Name the newest export only.",
                )
    return keys.Keyring(tuple(found.values()))


def _read(path: Path) -> bytes:
    from readiness.engine.errors import BadContent

    try:
        with path.open("rb") as file:
            data = file.read(MOST_TEXT + 1)
    except OSError as error:
        raise BadContent(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None
    if len(data) > MOST_TEXT:
        raise BadContent(f"{path} is larger than a file of keys or checkpoints.", "")
    return data


@contextmanager
def _extras() -> Iterator[None]:
    """What is missing is named with the line that installs it."""
    from readiness.engine.errors import ExtraMissing, ReadinessError

    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith(("readiness", "checklists")):
            raise
        raise ReadinessError(f"Verifying needs {error.name}, which is not installed.", INSTALL) from None
    except ExtraMissing as error:
        raise ReadinessError(error.message.replace("This check needs", "Verifying needs"), INSTALL) from None
