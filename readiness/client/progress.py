"""How far a push is, on standard error: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from readiness.engine.sizes import size_words

EVERY = 5.0  # seconds between lines of a log


@contextmanager
def progress(*, terminal: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A function that is told what is done, how many bytes of it, and of how many."""
    if not terminal:
        yield _Lines()
        return
    from rich.console import Console  # only a terminal needs it, and it is slow to load
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


class _Lines:
    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told >= EVERY:
            self._told = now
            click.echo(f"{what}: {size_words(done)} of {size_words(total)}", err=True)
