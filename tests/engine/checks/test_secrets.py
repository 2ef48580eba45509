"""`secrets`: what detect-secrets finds is found, nothing is sent, nothing is shown."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from readiness.engine import secrets_task
from readiness.engine.checklist import CheckSpec
from readiness.engine.checks.secrets import Secret
from readiness.engine.options import Options
from readiness.engine.runner import run_check
from readiness.engine.scan import candidates
from readiness.engine.scan.blocks import blocks
from readiness.engine.scan.mask import preview

AWS = "AKIAZ7Q2M4K6X8C0V1B3"
TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3
ALL = secrets_task.plugins([*candidates.PATTERNS])
ENTROPY = secrets_task.plugins([*candidates.ENTROPY])


def sha1(secret: str) -> str:
    """The fingerprint of a secret."""
    return hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("a.py", f'key = "{AWS}"\n', "a.py:1 (AWS Access Key)"),
        ("a.py", '\n\npassword = "hunter22"\r\n', "a.py:3 (Secret Keyword)"),
        ("c.yaml", "db:\n  password: hunter22x\n", "c.yaml:2 (Secret Keyword)"),
        (".env", "DB_PASSWORD=hunter22x\n", ".env:1 (Secret Keyword)"),
        ("a/b.txt", "-----BEGIN RSA PRIVATE KEY-----", "a/b.txt:1 (Private Key)"),
        ("n.json", '{"url": "postgres://bob:s3cr3tpw@db/x"}', "n.json:1 (Basic Auth Credentials)"),
        (".npmrc", f"//registry.npmjs.org/:_authToken=npm_{'a1B2c3' * 6}", ".npmrc:1 (NPM tokens)"),
        ("t.txt", f"token {TOKEN}", "t.txt:1 (GitHub Token)"),
        ("h.py", f'hf = "hf_{"aB3dE5gH7j" * 3}x"', "h.py:1 (api_key)"),
        ("l.json", '"' + "x" * 300_000 + f'", "{AWS}"', "l.json:1 (AWS Access Key)"),
        ("u.txt", ("\ufeff" + f"key {AWS}").encode("utf-16-le"), "u.txt:1 (AWS Access Key)"),
    ],
)
def test_found(finding, path, text, words):
    """One secret of each sort: FAIL with file, line and type, and without the secret."""
    found = finding("secrets", {}, {path: text})
    assert found.outcome == "FAIL"
    assert words in found.message
    assert not any(s in str(found.to_dict()) for s in (AWS, "hunter22", "s3cr3tpw", TOKEN))


@pytest.mark.parametrize(
    "text",
    [
        "password = os.environ['DB_PASSWORD']",
        'password = get_password("db")',
        'password = "${DB_PASSWORD}"',
        'secret = "<your secret>"',
        'password = "hunter22"  # pragma: allowlist secret',
        f'hf = "hf_{"aB3dE5gH7j" * 3}x"  # pragma: allowlist secret',
        f"sha256: {hashlib.sha256(b'x').hexdigest()}",
        "id = '550e8400-e29b-41d4-a716-446655440000'",
        "the secret of good training data",
        'random = "Zq8kPmX2vT9rLw4nYc7bJd5hGf3sAe6u"',
    ],
)
def test_not_found(finding, text):
    """References, templates, allowed lines, hashes, prose, and random strings unless asked for."""
    found = finding("secrets", {}, {"a.py": text})
    assert found.outcome == "PASS", found.message


@pytest.mark.parametrize(
    "text", ['password = "hunter22"', "u = 'postgres://bob:hunter22@db/x'", '[x]\npasswd="hunter22"']
)
def test_a_password_cannot_be_guessed_from_a_result(finding, text):
    """No plain digest of what a person thought up is shown; what is shown allows it, in that file only."""
    files = {"a.py": text, "b.py": text}
    found = finding("secrets", {"paths": ["*.py"]}, files)
    shown = json.dumps(found.to_dict())
    guesses = [hashlib.new(name, word).hexdigest() for name in ("md5", "sha1", "sha256") for word in
               (b"hunter22", b"postgres://bob:hunter22@db/x", b'"hunter22"', b"bob:hunter22")]  # fmt: skip
    assert not any(guess in shown for guess in guesses)
    prints = {s["path"]: s["fingerprint"] for s in found.details["secrets"]}
    assert len(set(prints.values())) == 2
    assert finding("secrets", {"allow": [prints["a.py"]]}, files).measurements[0].value == 1
    assert finding("secrets", {"allow": list(prints.values())}, files).outcome == "PASS"


def test_entropy_on_request(finding):
    """Long random strings in quotes count when the checklist asks."""
    files = {"a.py": 'random = "Zq8kPmX2vT9rLw4nYc7bJd5hGf3sAe6u"\n'}
    found = finding("secrets", {"entropy": True}, files)
    assert (found.outcome, "High Entropy" in found.message) == ("FAIL", True)


def test_allow_and_baseline(finding):
    """Known findings by fingerprint and by baseline; one that a baseline calls a real secret counts."""
    files = {"a.py": f'key = "{AWS}"\n'}
    assert finding("secrets", {"allow": [sha1(AWS)]}, files).outcome == "PASS"
    entry = {"type": "AWS Access Key", "hashed_secret": sha1(AWS), "line_number": 9}
    for more, outcome in (({}, "PASS"), ({"is_secret": False}, "PASS"), ({"is_secret": True}, "FAIL")):
        base = {".secrets.baseline": {"version": "1.5.0", "results": {"a.py": [entry | more]}}}
        assert finding("secrets", {"baseline": ".secrets.baseline"}, base).outcome == outcome
    other = {".secrets.baseline": {"results": {"b.py": [entry]}}}
    assert finding("secrets", {"baseline": ".secrets.baseline"}, other).outcome == "FAIL"


@pytest.mark.parametrize(
    ("params", "outcome"),
    [
        ({"allow": [AWS]}, "ERROR"),
        ({"baseline": "absent"}, "FAIL"),
        ({"baseline": "bad.json"}, "FAIL"),
        ({"baseline": "worse.json"}, "FAIL"),
        ({"paths": ["*.none"]}, "FAIL"),
        ({"paths": ["../*"]}, "ERROR"),
        ({"exclude": ["**/*"]}, "FAIL"),
        ({"paths": ["*.bin"]}, "FAIL"),
        ({"exclude": ["*.gz"]}, "PASS"),
        ({}, "WARN"),
    ],
)
def test_what_was_not_looked_at_never_passes(finding, params, outcome):
    """Nothing to look at, a baseline that is none, a damaged archive: FAIL, ERROR or WARN."""
    files = {
        "a.py": "x = 1\n",
        "m.bin": b"\0\1\2",
        "d.gz": b"\x1f\x8b\x08nonsense",
        "bad.json": "[]",
        "worse.json": json.dumps({"results": {"a.py": [{"hashed_secret": 1}]}}),
    }
    assert finding("secrets", params, files).outcome == outcome


def test_every_plugin_has_a_pattern():
    """A plugin that a new version of the library brings is named here, or is left out on purpose."""
    import detect_secrets.plugins as package
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    assert package
    shipped = {kind.__name__ for kind in get_mapping_from_secret_type_to_class().values()}
    # an address of a machine is no secret
    assert shipped - {"IPPublicDetector"} == candidates.PATTERNS.keys() | candidates.ENTROPY.keys()


def own_patterns():
    """The library's own expressions."""
    from detect_secrets.plugins import keyword

    listed = [e for d in ALL for e in getattr(d, "denylist", ())]
    listed += [e for group in keyword.REGEX_BY_FILETYPE.values() for e in group]
    return list(dict.fromkeys(listed))


def candidate_lines(text: str, *, entropy: bool = False) -> list[str]:
    """The lines that the prefilter lets through."""
    return [c.text for b in blocks(iter([text.encode()])) for c in candidates.in_block(b, entropy=entropy)]


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.data(),
    st.text(max_size=12),
    st.text(max_size=12),
    st.sampled_from(["a.py", "a.yaml", "a.ini", "a.go", "a.cs", "a.cpp", "a.txt"]),
)
def test_the_prefilter_is_a_superset(data, before, after, path):
    """Whatever the library's plugins find in a line made from their own expressions, the scan finds too."""
    pattern = data.draw(st.sampled_from(own_patterns()))
    line = data.draw(st.from_regex(re.compile(pattern.pattern, pattern.flags)))
    line = re.sub(r"[\r\n]", " ", before + line + after)
    line = line.encode(errors="replace").decode()
    library = set(secrets_task.in_line(ALL, path, line))
    ours = {
        found for part in candidate_lines(f"x\n{line}\ny") for found in secrets_task.in_line(ALL, path, part)
    }
    assert library <= ours


@settings(max_examples=150, deadline=None)
@given(st.from_regex(r"""x = (?:"[A-Za-z0-9+/_=-]{4,60}"|'[0-9a-f]{4,60}')""", fullmatch=True))
def test_the_prefilter_is_a_superset_for_entropy(line):
    """The same for the plugins that look for long random strings."""
    library = set(secrets_task.in_line(ENTROPY, "a.py", line))
    kept = candidate_lines(line, entropy=True)
    assert library <= {found for part in kept for found in secrets_task.in_line(ENTROPY, "a.py", part)}


SEEDED = f"""key = "{AWS}"
password = "hunter22x"
url = "https://bob:s3cr3tpw@host/x"
token = "{TOKEN}"
slack = "xoxb-123456789012-abcdefabcdef"
plain = 1
-----BEGIN EC PRIVATE KEY-----
stripe = "sk_live_a1B2c3D4e5F6g7H8i9J0k1L2"
mail = "0123456789abcdef0123456789abcdef-us12"
"""


@pytest.mark.parametrize("name", ["a.py", "a.txt", "a.js"])
def test_as_the_library_scans_a_file(finding, tmp_path, name):
    """The library's own scan of a file, with the same plugins, finds nothing that the check does not."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import transient_settings

    found = finding("secrets", {}, {name: SEEDED})
    ours = {(s["line"], s["type"], s["fingerprint"]) for s in found.details["secrets"]}
    with transient_settings({"plugins_used": [{"name": n} for n in candidates.PATTERNS]}):
        scanned = list(scan_file(str(tmp_path / name)))
    library = {
        (s.line_number, s.type, Secret(s.type, name, 0, "", s.secret_hash).fingerprint) for s in scanned
    }
    assert len(library) >= 7
    assert library <= ours


def test_nothing_is_sent(monkeypatch):
    """The plugins are asked for matches only: no socket is opened, also for keys that could be verified."""

    def refuse(*_arguments, **_named):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    lines = [["a.py", line] for line in SEEDED.splitlines()]
    answer = secrets_task.find({"plugins": [*candidates.PATTERNS], "lines": lines}, [])
    assert len(answer["found"]) >= 7


def test_a_line_that_backtracks_costs_only_its_child(run):
    """Lines made to keep a backtracking expression busy end at the operator's limit."""
    files = run({"a.yaml": "secret" * 20_000 + "\n" + "'" * 9000 + "secret" * 900})
    bounded = replace(files, options=Options(child_seconds=2.0))
    started = time.monotonic()
    found = run_check(CheckSpec(kind="secrets", params={}), bounded, {}, required=True).finding
    assert (found.outcome, "exclude" in found.advice) == ("ERROR", True)
    assert time.monotonic() - started < 20


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["password", "api_key", "jwt", "connection_string"]), st.text(min_size=1, max_size=60))
def test_previews(kind, secret):
    """Whatever the secret: at most a public prefix and two characters are shown."""
    assume("…" not in secret)
    shown = preview(kind, secret)
    assert secret not in shown
    assert len(shown.removesuffix("…")) <= 16
