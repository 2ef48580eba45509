"""JMeter's samples: requests apart from the transactions that sum them up."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TRANSACTION = re.compile(
    r"Number of samples in transaction : ([0-9]{1,9}), number of failing samples : ([0-9]{1,9})"
)


def requests_only(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The samples without those of transaction controllers, whose parts stand in the file too.

    A transaction is left out only where the parts of all of them can be there: as many requests, and as many
    failed ones. Otherwise ("Generate parent sample" keeps the parts to itself) every sample counts.
    """
    requests, parts, failing = [], 0, 0
    for row in rows:
        found = _TRANSACTION.fullmatch(row.get("responseMessage", "").strip())
        if found is None:
            requests.append(row)
        else:
            parts, failing = parts + int(found[1]), failing + int(found[2])
    failed = sum(row.get("success", "").lower() == "false" for row in requests)
    return requests if parts <= len(requests) and failing <= failed else list(rows)
