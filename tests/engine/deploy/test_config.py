"""`gate.yml`: the seed's names work, and whatever is wrong is named with its line."""

from __future__ import annotations

import pytest

from readiness.engine.deploy import config, keys
from readiness.engine.deploy.config import GateConfig
from readiness.engine.deploy.places import DeployError

SEED = b"""
required_roles:
  - platform-lead
  - security
enforce_approvals: true
require_rehearsal: true
max_rehearsal_age_days: 30
disallow_waivers: false
"""


def test_names_of_the_seed():
    """The five names work as they stand."""
    read = config.read(SEED, "gate.yml").config
    assert read.roles == ("platform-lead", "security")
    assert (read.enforce_approvals, read.require_rehearsal, read.max_rehearsal_age_days) == (True, True, 30)
    assert read.disallow_waivers is False


def test_defaults_are_strict():
    """What is not written is asked for."""
    read = config.read(b"required_roles: [lead]", "gate.yml").config
    assert read == GateConfig(required_roles=("lead",))
    asked = (
        read.enforce_approvals,
        read.require_rehearsal,
        read.separation_of_duties,
        read.require_scorecard,
    )
    assert all(asked)
    assert read.max_rehearsal_age_days == 30


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "gate.yml is empty"),
        ("# only a comment\n", "gate.yml is empty"),
        ("{}", "gate.yml is empty"),
        ("---\n", "gate.yml is empty"),
        ("just text", "no `name: value`"),
        ("- a\n- b", "no `name: value`"),
        ("required_roles: [lead]\nmax_age: 3", "line 2"),
        ("required_roles: [lead]\nmax_rehearsal_age_day: 3", "max_rehearsal_age_days"),
        ("required_roles: lead", "line 1"),
        ("required_roles: [lead]\nenforce_approvals: maybe", "line 2"),
        ("required_roles: [lead]\nenforce_approvals: 1", "line 2"),
        ('required_roles: [lead]\nenforce_approvals: "true"', "line 2"),
        ("required_roles: [lead]\n\nmax_rehearsal_age_days: thirty", "line 3"),
        ("required_roles: [lead]\nmax_rehearsal_age_days: 0", "line 2"),
        ("required_roles: [lead]\nmax_rehearsal_age_days: -1", "line 2"),
        ("required_roles: [lead]\nmax_rehearsal_age_days: true", "line 2"),
        ("required_roles: [lead]\nmax_rehearsal_age_days: .nan", "Line 2"),
        ("required_roles: [lead]\nmax_rehearsal_age_days: 30:00", "line 2"),
        ("required_roles: [lead]\nmax_rehearsal_age_days: 010", "line 2"),
        ("required_roles: [lead]\nmax_rehearsal_age_days: 3_0", "line 2"),
        ("required_roles: [lead]\nmetrics: {error_rate: 1:30.5}", "line 2"),
        ("required_roles: [lead]\nmax_rehearsal_age_days: .inf", "Line 2"),
        ("required_roles: [lead]\nmax_rehearsal_age_days: 1e999", "gate.yml"),
        ("required_roles: [lead]\nmax_rehearsal_age_days:", "line 2"),
        ("required_roles: [lead]\nrequired_roles: [other]", "Line 2"),
        ("required_roles: [lead]\nmetrics:\n  p95_ms: fast", "line 3"),
        ("required_roles: [lead]\nmetrics:\n  p95: 200", "line 3"),
        ("required_roles: [lead]\nmetrics: {error_rate: 2}", "error_rate"),
        ("required_roles: [lead]\nmetrics: {open_critical_incidents: 0.5}", "open_critical_incidents"),
        ("required_roles: [lead]\nrollout_window: true", "rollout_window"),
        ("required_roles: []", "nobody would have to approve"),
        ("enforce_approvals: true", "nobody would have to approve"),
        ("required_roles: [TBD]", "'TBD' is no role"),
        ("required_roles: ['']", "is no role"),
        ("required_roles: [lead, Lead]", "twice"),
        ("required_roles: [lead]\nwaivable: [approvals]", "'approvals' cannot be waived"),
        ("required_roles: [lead]\nwaivable: [everything]", "'everything' cannot be waived"),
        ("required_roles: [lead]\nrequire_signatures: true", "no key is trusted"),
        ("enforce_approvals: false\nrequire_signatures: true\ntrusted_keys: [k]", "no approvals"),
        ("required_roles: [lead]\ntrusted_keys: [{id: a}]", "either `file` or `pem`"),
        ("required_roles: [lead]\nschema_version: 2", "schema version 2"),
        ("required_roles: &a [lead]\nwaivable: *a", "aliases"),
        ("required_roles: !!python/tuple [lead]", "gate.yml"),
        ("required_roles: [lead", "gate.yml"),
        ("[" * 500, "gate.yml"),
        ("required_roles: [lead]\n#" + "x" * 70_000, "characters"),
    ],
)
def test_refused(text, words):
    """A configuration that cannot be used is an error that says where and what to do."""
    with pytest.raises(DeployError) as refused:
        config.read(text.encode(), "gate.yml")
    assert words in f"{refused.value.message} {refused.value.advice}", str(refused.value)
    assert "gate.yml" in refused.value.message
    assert refused.value.advice


def test_not_text():
    """Bytes that are no text are refused."""
    with pytest.raises(DeployError, match="byte 0"):
        config.read(b"\xff\x00\xd8", "gate.yml")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.pem", "cannot be read"),
        ("text.pem", "no public key"),
        ("rsa.pem", "no Ed25519 key"),
        ("private.pem", "private key"),
    ],
)
def test_keys(tmp_path, name, words):
    """Only Ed25519 public keys are trusted, each named in the message."""
    from cryptography.hazmat.primitives import serialization as to
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    (tmp_path / "text.pem").write_text("hello")
    other = rsa.generate_private_key(65537, 2048).public_key()
    (tmp_path / "rsa.pem").write_bytes(
        other.public_bytes(to.Encoding.PEM, to.PublicFormat.SubjectPublicKeyInfo)
    )
    own = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "private.pem").write_bytes(
        own.private_bytes(to.Encoding.PEM, to.PrivateFormat.PKCS8, to.NoEncryption())
    )
    settings = config.read(f"required_roles: [lead]\ntrusted_keys: [{name}]".encode(), "gate.yml").config
    with pytest.raises(DeployError, match=words) as refused:
        keys.load(settings, tmp_path)
    assert name in refused.value.message
