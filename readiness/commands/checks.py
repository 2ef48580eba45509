"""`readiness checks`: the catalogue of kinds."""

from __future__ import annotations

import click


@click.command()
@click.argument("kind", required=False)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the kinds with a JSON Schema of their parameters."
)
def command(kind: str | None, *, as_json: bool) -> None:
    """List the kinds of checks, or explain one KIND."""
    from readiness.engine import registry
    from readiness.engine.guard import legible
    from readiness.engine.render import docs, json

    wanted = [registry.get(kind)] if kind else list(registry.kinds().values())
    if as_json:
        click.echo(json.dump(json.kinds(wanted, registry.broken())))
    else:
        click.echo(docs.page(wanted[0]) if kind else docs.listing(wanted))
    for name, reason in registry.broken().items():
        click.echo(legible(f"readiness: the kind {name} could not be loaded: {reason}"), err=True)
