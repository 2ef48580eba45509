"""`release-manifest.json`: broken and hostile files are refused by place; schema and code agree."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.deploy import hidden, reading, schema, text
from readiness.engine.deploy.decision import decide
from readiness.engine.deploy.places import DeployError
from readiness.engine.readers import config_file

ROOT = Path(__file__).resolve().parents[3]
HASH = "1" * 64
PLACES = [
    "project", "release", "owner", "generated_at", "artifacts", "artifacts.0",
    "artifacts.0.path",
    "artifacts.0.sha256", "artifacts.0.size", "artifact_digest", "feature_flags",
    "feature_flags.x", "secrets",
    "secrets.0.version", "migrations", "migrations.0.dry_run", "migrations.0.dry_run.log", "rollout",
    "rollout.strategy", "rollout.window", "rollout.window.start", "rollback", "rollback.steps",
    "rollback.rehearsal.duration_s", "approvals", "approvals.0", "approvals.0.name", "approvals.0.signature",
    "waivers", "scorecard", "scorecard.overall_passed", "scorecard.partial", "run_ids", "gates", "metrics",
    "metrics.p95_ms", "metrics.error_rate", "metrics.open_critical_incidents", "configuration",
    "configuration.deltas", "schema_version", "unknown", "artifacts.0.unknown",
]  # fmt: skip
VALUES = [
    None, True, False, 0, 1, -1, 1.5, 2, "", "x", "a/b",
    "/a", "../a", "a/../b", "a\\b", HASH, f"sha256:{HASH}",
    HASH.upper(),
    f"{HASH}\n", [], ["x"], [1], {}, {"x": 1}, [{"path": "a"}], [{"key": "a", "from": 1, "to": None}],
    "canary",
    "x" * 5000, 2**60, {"start": "a"}, [{"name": "a"}],
]  # fmt: skip


def put(document, path, value):
    """The document with a value at a dotted path, as far as the path exists."""
    made = json.loads(json.dumps(document))
    *steps, last = [int(s) if s.isdecimal() else s for s in path.split(".")]
    holder = made
    for step in steps:
        holder = holder[step] if isinstance(step, int) else holder.setdefault(step, {})
    holder[last] = value
    return made


def read(document):
    """Whether the code reads the document; a refusal names the file."""
    try:
        reading.convert(document, "m.json")
    except DeployError as refused:
        return "m.json" not in refused.message
    return True


def test_schema_is_published():
    """The file in the repository is the schema of the code; `readiness manifest --schema` writes it."""
    assert (ROOT / schema.FILE).read_text() == schema.dump()
    jsonschema.Draft202012Validator.check_schema(schema.schema())


@pytest.mark.parametrize("path", PLACES)
def test_schema_and_code_agree(good, path):
    """Whatever the schema allows is read, and nothing else."""
    validator = jsonschema.Draft202012Validator(schema.schema())
    for value in VALUES:
        document = put(good, path, value)
        assert read(document) == validator.is_valid(document), value


@given(st.data())
def test_damaged_bytes(good, data):
    """Whatever happens to the bytes, they are read or refused by name; nothing else is raised."""
    content = bytearray(json.dumps(good).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        manifest = reading.read(bytes(content), "m.json").manifest
    except DeployError as refused:
        named = "m.json" in refused.message
    else:
        named = bool(manifest.release)
    assert named


@pytest.mark.parametrize("path", PLACES)
def test_whatever_is_read_is_judged(good, made, path):
    """No manifest that can be read breaks a rule, and a judged one has a record and a text."""
    _, settings, at, _ = made()
    for value in VALUES:
        document = put(good, path, value)
        if read(document):
            decision = decide(reading.convert(document, "m"), settings, at)
            assert json.loads(text.plain(decision))["verdict"] == decision.verdict
            assert str(len(decision.reasons)) in text.render(decision) or decision.approved


def test_round_trip(good):
    """A manifest that is written says what was read."""
    manifest = reading.convert(good, "m.json")
    assert reading.convert(manifest.to_dict(), "again") == manifest


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"   \n", "is empty"),
        (b"[]", "holds no object"),
        (b"null", "holds no object"),
        (b"{", "not usable JSON"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b'{"metrics": {"p95_ms": NaN}, "schema_version": 1}', "metrics.p95_ms: nan"),
        (b'{"metrics": {"p95_ms": Infinity}}', "inf is no number"),
        (b'{"metrics": {"p95_ms": 1e999}}', "out of range"),
        (b"[" * 5000, "nested deeper"),
        (b'{"owner": "\\ud800"}', "surrogate"),
        (b"\xff\xfe\x00", "is not utf-16"),
        (b'{"owner": "\xc3("}', "is not utf-8"),
        (b"{}", "no schema_version"),
        (b'{"schema_version": "1"}', "no schema_version"),
        (b'{"schema_version": true}', "no schema_version"),
        (b'{"schema_version": 2}', "schema version 2"),
        (b'{"schema_version": 0}', "schema version 0"),
        (b'{"schema_version": 1}', "missing"),
        (b'{"schema_version": 1}' + b" " * (65 << 20), "larger than"),
    ],
)
def test_refused(data, words):
    """Broken and hostile bytes are refused with a message that names the file."""
    with pytest.raises(DeployError) as refused:
        reading.read(data, "m.json")
    assert words in refused.value.message, refused.value.message
    assert "m.json" in refused.value.message
    assert len(refused.value.message) < 700


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("artifacts.0.sha256", "abc", "64 lower-case hex digits"),
        ("artifacts.1.path", "../../etc/passwd", "without `..`"),
        ("artifacts.1.path", "dist/a.bin", "twice"),
        ("rollout.strategy", "yolo", "yolo"),
        ("approvals", {"technical-lead": "Ada"}, "approvals"),
        ("aprovals", [], "aprovals"),
        ("metrics.error_rate", 2, "error_rate"),
        ("metrics.p95_ms", "174", "p95_ms"),
    ],
)
def test_names_the_place(good, path, value, words):
    """What has another form is named by its place."""
    with pytest.raises(DeployError) as refused:
        reading.read(json.dumps(put(good, path, value)).encode(), "m.json")
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("secrets.0.value", "x"),
        ("secrets.0.password", "x"),
        ("secrets.0.secret", "x"),
        ("secrets.0.token", "x"),
        ("secrets.0.api_key", None),
        ("configuration.deltas", [{"key": "db.password", "from": "old", "to": "new"}]),
        ("configuration.deltas", [{"key": "app:API_TOKEN", "from": None, "to": 12345}]),
        ("feature_flags.client_secret", "s3cr3t"),
        ("approvals.0.comment", "use AKIAQWERTYUIOP3456AB for it"),
        ("rollback.steps", ["psql postgres://admin:hunter2x9@db/prod"]),
        ("secrets.0.evidence", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n"),
    ],
)
def test_no_secrets(good, path, value):
    """A manifest that holds a secret is refused, and the message does not repeat it."""
    with pytest.raises(DeployError, match="secret") as refused:
        reading.read(json.dumps(put(good, path, value)).encode(), "m.json")
    assert "hunter2x9" not in str(refused.value)
    assert "QWERTYUIOP" not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("secrets.0.version", "2026-10"),
        ("configuration.deltas", [{"key": "db.password", "from": "•••", "to": "(hidden)"}]),
        ("configuration.deltas", [{"key": "model.max_tokens", "from": 512, "to": 1024}]),
        ("feature_flags.token_limit", 4096),
        ("feature_flags.use_secret_store", True),
    ],
)
def test_no_false_alarm(good, path, value):
    """Versions, masked values, limits and switches are no secrets."""
    assert reading.read(json.dumps(put(good, path, value)).encode(), "m.json").manifest


@given(
    st.from_regex(
        r"(?i)(?:[a-z_.:-]{0,6})(?:pass(?:word|wd|phrase)|secret|token|api_?key|access_?key|private_?key"
        r"|credential|auth|dsn|connection_?string|salt)(?:[a-z_.:-]{0,6})",
        fullmatch=True,
    )
    | st.text(max_size=20)
)
def test_same_names_as_the_settings_reader(key):
    """What the reader of settings masks by its name is a secret here, too."""
    assert hidden._is_secret(key) == config_file.is_secret(key)
