"""The child's side of `drift`: two tables, column by column (run by engine/child.py)."""

# ruff: noqa: S608  # no name or value of a table is ever part of a statement
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from readiness.engine import table_load as load
from readiness.engine.errors import ExtraMissing
from readiness.engine.table_text import Table, open_table

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_AT_ONCE = 16
MOST_CATEGORIES = 50
FLOOR = 1e-4  # the share of an empty bin: the logarithm needs one


def psi(reference: Sequence[float], current: Sequence[float]) -> float:
    """Population stability index of two histograms over the same bins (counts): Σ (c − r) · ln(c / r).

    Shares under 0.01 % count as 0.01 %. Both must count something.
    """
    import numpy as np  # heavy: only in the child

    shares = [np.asarray(counts, dtype=float) / sum(counts) for counts in (reference, current)]
    r, c = (np.maximum(share, FLOOR) for share in shares)
    return float(np.sum((c - r) * np.log(c / r)))


def histograms(reference: Floats, current: Floats, bins: int) -> tuple[list[int], list[int]]:
    """Counts of both in quantile bins of the reference, each closed on the right and open at the ends.

    A reference of at most `bins` different values gets one bin for each, and one for all others.
    """
    import numpy as np  # heavy: only in the child

    values = np.unique(reference)
    if len(values) <= bins:
        both = []
        for side in (reference, current):
            counts = [int(np.count_nonzero(side == value)) for value in values]
            both.append([*counts, len(side) - sum(counts)])
        return both[0], both[1]
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)[1:-1]))
    size = len(edges) + 1
    first, second = (
        np.bincount(np.searchsorted(edges, side, side="left"), minlength=size).tolist()
        for side in (reference, current)
    )
    return first, second


def compare(payload: Mapping[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Compare two tables. `payload`: names (two), delimiter, memory, columns (or None: the reference's),
    numeric, categorical, bins.

    Returns `{rows: [n, m], missing, columns: [{name, kind, psi, ks, p, unseen, not_numbers, nulls: [n, m],
    values: [n, m]}]}`; a figure that cannot be computed is None. Raises BadContent, LimitExceeded.
    """
    try:
        import scipy.stats  # noqa: F401  # an extra, and slow to import
    except ImportError:
        raise ExtraMissing("scipy", "data") from None
    sides = [
        open_table(fd, name, payload["delimiter"]) for fd, name in zip(fds, payload["names"], strict=True)
    ]
    wanted = payload["columns"] or [name for name in sides[0].columns if name]
    missing = {side.name: [c for c in wanted if c not in side.columns] for side in sides}
    shared = [c for c in wanted if all(c in side.columns for side in sides)]
    columns: list[dict[str, Any]] = []
    rows = [0, 0]
    with load.connection(payload["memory"]) as con:
        for at in range(0, max(len(shared), 1), _AT_ONCE):
            names = shared[at : at + _AT_ONCE]
            rows = [_hold(con, place, side, names) for place, side in enumerate(sides)]
            columns += [_column(con, n, name, payload) for n, name in enumerate(names) if all(rows)]
    return {"rows": rows, "missing": missing, "columns": columns}


def _hold(con: duckdb.DuckDBPyConnection, place: int, side: Table, names: Sequence[str]) -> int:
    con.execute(f"DROP TABLE IF EXISTS side{place}")
    what = ", ".join(f"{load.clean(n)} AS v{n}" for n in range(len(names))) or "line"
    return load.store(con, f"side{place}", side.only(names), what)


def _column(con: duckdb.DuckDBPyConnection, n: int, name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    counts = [
        con.execute(
            f"SELECT count(*), count(v{n}), count({load.number(f'v{n}')}) FROM side{place}"
        ).fetchall()[0]
        for place in (0, 1)
    ]
    said: dict[str, Any] = {
        "name": name,
        "nulls": [rows - values for rows, values, _ in counts],
        "values": [values for _, values, _ in counts],
        "psi": None, "ks": None, "p": None, "unseen": 0, "not_numbers": 0,
    }  # fmt: skip
    # the reference decides what a column is; one without values takes the other's word
    values, numbers = counts[0][1:] if counts[0][1] else counts[1][1:]
    numeric = name in payload["numeric"] or (values == numbers and name not in payload["categorical"])
    said["kind"] = "numeric" if numeric else "categorical"
    if not any(said["values"]):
        return said
    return said | (_numeric(con, n, said, payload["bins"]) if numeric else _categorical(con, n, said))


def _numeric(con: duckdb.DuckDBPyConnection, n: int, said: Mapping[str, Any], bins: int) -> dict[str, Any]:
    import numpy as np  # heavy: only in the child
    from scipy import stats

    number = load.number(f"v{n}")
    sides = []
    for place in (0, 1):
        held = con.execute(f"SELECT {number} AS x FROM side{place} WHERE {number} IS NOT NULL").fetchnumpy()
        sides.append(np.asarray(held["x"], dtype=float))
    odd = [values - len(side) for values, side in zip(said["values"], sides, strict=True)]
    found: dict[str, Any] = {"not_numbers": sum(odd)}
    if len(sides[0]) and len(sides[1]):
        test = stats.ks_2samp(sides[0], sides[1])
        found |= {"ks": float(test.statistic), "p": float(test.pvalue)}
    counts = histograms(sides[0], sides[1], bins) if len(sides[0]) else ([0], [len(sides[1])])
    return found | {"psi": _with_nulls(counts, said["nulls"])}


def _categorical(con: duckdb.DuckDBPyConnection, n: int, said: Mapping[str, Any]) -> dict[str, Any]:
    counts: tuple[list[int], list[int]] = ([], [])
    rows = con.execute(
        "SELECT r, coalesce(c, 0) FROM"
        f" (SELECT v{n}, count(*) AS r FROM side0 WHERE v{n} IS NOT NULL GROUP BY ALL)"
        f" LEFT JOIN (SELECT v{n}, count(*) AS c FROM side1 GROUP BY ALL) USING (v{n})"
        f" ORDER BY r DESC, v{n} LIMIT {MOST_CATEGORIES}"
    ).fetchall()
    for reference, current in rows:
        counts[0].append(reference)
        counts[1].append(current)
    unseen = con.execute(
        f"SELECT count(*) FROM side1 WHERE v{n} IS NOT NULL AND v{n} NOT IN"
        f" (SELECT v{n} FROM side0 WHERE v{n} IS NOT NULL)"
    ).fetchall()[0][0]
    for side, values in zip(counts, said["values"], strict=True):
        side.append(values - sum(side))  # all others, the unseen ones among them
    return {"psi": _with_nulls(counts, said["nulls"]), "unseen": unseen}


def _with_nulls(counts: tuple[list[int], list[int]], nulls: Sequence[int]) -> float:
    return psi([*counts[0], nulls[0]], [*counts[1], nulls[1]])
