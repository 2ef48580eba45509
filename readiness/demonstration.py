"""What `make demo` shows: both releases checked through the queue, their verdicts, and how to sign in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from readiness.engine.errors import ReadinessError
from readiness.processes import wait_for

if TYPE_CHECKING:
    from checklists.models import Gate
    from readiness.supervisor import Installation

LONGEST_SECONDS = 180.0


def show(here: Installation, *, new_passwords: bool) -> bool:
    """Seed, check, print. True: go on serving. Raises ReadinessError when the checks do not end."""
    from checklists import demo, demo_governance  # need the models

    console = Console(highlight=False)
    passwords = demo.people(new_passwords=new_passwords)
    project = demo.project()
    gates = demo.open_gates(project)
    took = {gate.pk: _check(here, console, gate) for gate in gates if not demo.checked(gate)}
    demo_governance.govern(project)
    demo.ask_for_report(gates[0])
    console.print(_verdicts(gates, took))
    for gate in gates:
        for title, observed in demo.failures(gate):
            console.print(f"  [red]✗[/red] {gate.release.version}  {title}: {observed}", soft_wrap=True)
    console.print(f"\nReadiness is at [bold]{here.url}[/bold]")
    _logins(console, passwords)
    for line in demo_governance.WHERE:
        console.print(f"  {line}", soft_wrap=True)
    console.print("Ctrl-C ends it and leaves nothing running.")
    return True


def _check(here: Installation, console: Console, gate: Gate) -> float:
    """Run all checks of a gate and wait; seconds from the click to the last verdict."""
    from checklists import demo  # needs the models

    console.print(f"Checking {gate.release} …")
    started = time.monotonic()
    ids = demo.run_all(gate)
    if not wait_for(lambda: here.alive() and demo.unfinished(ids) == 0, LONGEST_SECONDS):
        left = f"{demo.unfinished(ids)} of {len(ids)} checks of {gate.release}"
        raise ReadinessError(
            f"{left} did not end in {LONGEST_SECONDS:g} s.", f"Look at {here.log('worker')}."
        )
    return time.monotonic() - started


def _verdicts(gates: list[Gate], took: Mapping[int, float]) -> Table:
    from checklists import demo  # needs the models

    table = Table(title="Verdicts", title_justify="left")
    rows = [{**demo.row(gate), "Checked in": _seconds(took.get(gate.pk))} for gate in gates]
    for number, heading in enumerate(rows[0]):
        table.add_column(heading, justify="left" if number < 2 else "right")
    for row in rows:
        table.add_row(*row.values())
    return table


def _seconds(value: float | None) -> str:
    return "an earlier start" if value is None else f"{value:.1f} s"


def _logins(console: Console, passwords: Mapping[str, str]) -> None:
    from checklists import demo  # needs the models

    if not passwords:
        console.print("People and passwords are those of the first start; `--new-passwords` makes new ones.")
        return
    table = Table(title="Sign in (printed once, stored only hashed)", title_justify="left")
    for heading in ("User name", "Password", "Name", "Role"):
        table.add_column(heading)
    for username, password in passwords.items():
        name, role = demo.PEOPLE[username]
        table.add_row(username, password, name, role.replace("-", " "))
    console.print(table)
