"""A preview that helps to find a value and never shows it."""

from __future__ import annotations

import re2

_PUBLIC = re2.compile(
    r"^(?:AKIA|ASIA|ABIA|ACCA|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|xox[a-z]-|xapp-|[sr]k_(?:live|test)_|whsec_|AIza"
    r"|GOCSPX-|ya29\.|sk-(?:proj|svcacct|admin|ant|or)-|sk-|npm_|pypi-|hf_|r8_|gsk_|SG\.|dapi|do[opr]_v1_"
    r"|dckr_pat_|sq0[a-z]{3}-|shp[a-z]{2}_|hvs\.|NRAK-|glsa_|lin_api_|eyJ|[a-z][a-z0-9+]{1,12}://)"
)
_HIDDEN = "…"


def preview(kind: str, value: str) -> str:
    """At most 4 characters of the value besides a public prefix such as "ghp_"; of a short one, none."""
    if kind == "private_key":
        return "a private key begins here"
    if kind == "password" or len(value) < 8:
        return _HIDDEN
    if kind == "email":
        return f"{value[:1]}{_HIDDEN}@{_HIDDEN}"
    if kind in ("phone", "credit_card", "iban", "us_ssn", "ip_address"):
        return f"{_HIDDEN}{value[-2:]}"
    public = _PUBLIC.match(value)
    return f"{public[0] if public else value[:2]}{_HIDDEN}"
