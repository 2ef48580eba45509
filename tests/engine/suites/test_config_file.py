"""`readiness.yml`: what is read, what each kind must reach, and every way to be wrong, with its line."""

from __future__ import annotations

import pytest

from readiness.engine.errors import ReadinessError
from readiness.engine.suites.config import DEFAULTS, KINDS
from readiness.engine.suites.config_file import SuiteConfigError, parse

HEAD = "release: 2025.10.01\nowner: platform\n"
UNIT = "suites:\n  - name: unit\n    kind: unit\n    command: pytest -q\n"
SECURITY = "suites:\n  - name: s\n    kind: security\n    command: scan\n    reports: {sarif: s.sarif}\n"
WAIVER = (
    "waivers:\n  - reason: no fix yet\n    owner: Ada\n    approved_by: Grace\n"
    "    expires_at: 2030-01-31T12:00:00Z\n    suite: s\n    rule: max_medium\n"
)

SUCCESS = {"min_success_rate": 1.0}
FINDINGS = {"max_critical": 0, "max_high": 0, "max_medium": "waiver", "max_unknown": 0}


def config(text: str):
    """The configuration in a text."""
    return parse(text.encode(), "readiness.yml")


def again(suites: str, name: str, other: str) -> str:
    """The same suites once more, under another name."""
    return suites.removeprefix("suites:\n").replace(name, other)


def test_defaults_are_filled_in() -> None:
    """A short file is enough; a command in one line is split as words, nothing is expanded."""
    (plan,) = config(HEAD + UNIT.replace("pytest -q", "pytest -q 'a b' $HOME *.py")).suites
    assert plan.argv == ("pytest", "-q", "a b", "$HOME", "*.py")
    assert (plan.timeout, plan.retries, plan.blocking, plan.working_directory) == (1800, 0, True, ".")


def test_a_suite_overrides_the_defaults() -> None:
    """What a suite says counts; variables are joined, the suite's first."""
    text = "defaults: {timeout: 5, retries: 2, blocking: false, env: {A: 1, B: 1}, working_directory: x}\n"
    more = "    env: {B: two}\n    timeout: 7.5\n    retries: 0\n    blocking: true\n"
    more += "    working_directory: y/z\n"
    (plan,) = config(HEAD + text + UNIT + more).suites
    assert (plan.timeout, plan.retries, plan.blocking, plan.working_directory) == (7.5, 0, True, "y/z")
    assert plan.env == {"A": "1", "B": "two"}


def test_versions_and_variables_stay_text() -> None:
    """YAML's numbers and booleans do not change what is written: release 2025.10 is not 2025.1."""
    text = (
        "release: 2025.10\nenvironment: 0777\nowner: p\n" + UNIT + "    env: {PORT: 08080, ON: yes, X: 1_0}\n"
    )
    read = config(text)
    assert (read.release, read.environment) == ("2025.10", "0777")
    assert read.suites[0].env == {"PORT": "08080", "ON": "yes", "X": "1_0"}


@pytest.mark.parametrize(
    ("kind", "reports", "limits"),
    [
        ("unit", "", {}),
        ("unit", "junit: a.xml", {"min_success_rate": 1.0}),
        ("end-to-end", "junit: [a.xml, b.xml]", {"min_success_rate": 1.0}),
        ("integration", "junit: a.xml", {"min_success_rate": 0.98, "max_flake_rate": 0.1}),
        ("performance", "load: l.json", {"max_p95_ms": 200.0, "max_error_rate": 0.01}),
        ("performance", "benchmark: b.json", {"max_p95_ms": 200.0}),
        (
            "performance",
            "load: l.json, junit: a.xml",
            {"max_p95_ms": 200.0} | SUCCESS | {"max_error_rate": 0.01},
        ),
        ("security", "sarif: s.sarif", FINDINGS),
        ("security", "vulnerabilities: v.json", FINDINGS),
        ("unit", "sarif: s.sarif", FINDINGS),
        ("unit", "load: l.json", {"max_error_rate": 0.01}),
    ],
)
def test_each_kind_has_its_limits(kind, reports, limits) -> None:
    """The limits of the kind hold as far as a declared report can measure them."""
    text = f"suites:\n  - {{name: s, kind: {kind}, command: x, reports: {{{reports}}}}}\n"
    found = config(HEAD + text).suites[0].limits
    assert {k: getattr(found, k) for k in found.__struct_fields__ if getattr(found, k) is not None} == limits


def test_a_limit_is_lifted_only_in_writing() -> None:
    """`null` lifts the default of a kind; a number replaces it."""
    text = SECURITY + "    thresholds: {max_high: null, max_medium: 3}\n"
    limits = config(HEAD + text).suites[0].limits
    assert (limits.max_critical, limits.max_high, limits.max_medium) == (0, None, 3)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "holds no suites"),
        ("# nothing\n", 1, "holds no suites"),
        ("[]", 1, "holds no suites"),
        ("suites", 1, "holds no suites"),
        ("a: [", 1, "not valid YAML"),
        (HEAD + "owner: twice\n" + UNIT, 3, "'owner' is written twice"),
        (HEAD + "suites: &a []\nwaivers: *a\n", 4, "aliases"),
        (HEAD + "suites: !!set {a}\n", 3, "YAML"),
        (UNIT, 1, "`owner` is missing"),
        (HEAD + UNIT + "colour: red\n", 7, "`colour`"),
        (HEAD + UNIT + "    comand: x\n", 7, "Did you mean `command`?"),
        (HEAD + "suites: []\n", 3, "there is no suite"),
        (HEAD + "suites: {}\n", 3, "needs list"),
        (HEAD + UNIT.replace("kind: unit", "kind: smoke"), 5, "`integration`"),
        (HEAD + UNIT.replace("pytest -q", '"a \'b"'), 4, "No closing quotation".lower()),
        (HEAD + UNIT.replace("pytest -q", '""'), 4, "command: it is empty"),
        (HEAD + UNIT.replace("pytest -q", "[]"), 4, "command: it is empty"),
        (HEAD + UNIT.replace("pytest -q", "a && b"), 4, "no shell is used"),
        (HEAD + UNIT.replace("pytest -q", "a > b"), 4, "[sh, -c"),
        (HEAD + UNIT.replace("name: unit", "name: a/b"), 4, "cannot be used"),
        (HEAD + UNIT.replace("name: unit", "name: ../x"), 4, "cannot be used"),
        (HEAD + UNIT + again(UNIT, "name: unit", "name: UNIT"), 7, "stands twice"),
        (HEAD + UNIT + "    timeout: 0\n", 7, "timeout"),
        (HEAD + UNIT + "    timeout: .nan\n", 7, "not a number"),
        (HEAD + UNIT + "    timeout: long\n", 7, "needs number"),
        (HEAD + UNIT + "    retries: 1.5\n", 7, "needs whole number"),
        (HEAD + UNIT + "    retries: -1\n", 7, "retries"),
        (HEAD + UNIT + "    blocking: 1\n", 7, "needs true or false"),
        (HEAD + UNIT + "    blocking: false\n", 3, "no suite is blocking"),
        (HEAD + UNIT + "    env: {A-B: x}\n", 4, "'A-B' is no variable"),
        (HEAD + UNIT + "    env: {A: [x]}\n", 7, "needs text"),
        (HEAD + UNIT + "    working_directory: ../x\n", 4, "without `..`"),
        (HEAD + UNIT + "    working_directory: /etc\n", 4, "relative path"),
        (HEAD + UNIT + "    reports: {junit: /tmp/x.xml}\n", 4, "relative path"),
        (HEAD + UNIT + "    reports: {junit: 'a/../../x.xml'}\n", 4, "without `..`"),
        (HEAD + UNIT + "    reports: {xunit: x.xml}\n", 7, "`xunit`"),
        (HEAD + UNIT + "    thresholds: {min_success_rate: 98}\n", 7, "min_success_rate"),
        (HEAD + UNIT + "    thresholds: {min_success_rate: 0.9}\n", 4, "nothing to measure it"),
        (HEAD + UNIT + "    thresholds: {max_p95_ms: 100}\n", 4, "reports.load or reports.benchmark"),
        (HEAD + UNIT + "    findings_exit_codes: [0]\n", 7, "findings_exit_codes"),
        (HEAD + UNIT.replace("kind: unit", "kind: integration"), 4, "reports.junit"),
        (HEAD + UNIT.replace("kind: unit", "kind: performance"), 4, "reports.load"),
        (HEAD + UNIT.replace("kind: unit", "kind: security"), 4, "reports.sarif"),
        (HEAD + SECURITY + "    thresholds: {max_medium: waved}\n", 8, "`waiver`"),
        (HEAD + SECURITY + "    thresholds: {max_medium: -1}\n", 8, "max_medium"),
        (HEAD + SECURITY + again(SECURITY, "name: s", "name: t"), 11, "report of s"),
        (HEAD + SECURITY + WAIVER.replace("no fix yet", "TBD"), 9, "says nothing"),
        (HEAD + SECURITY + WAIVER.replace("Grace", "ADA"), 9, "owns or asked"),
        (HEAD + SECURITY + WAIVER.replace("2030-01-31T12:00:00Z", "soon"), 9, "'soon' is no time"),
        (HEAD + SECURITY + WAIVER.replace("suite: s", "suite: other"), 9, "not in this file"),
        (HEAD + SECURITY + WAIVER.replace("max_medium", "medium"), 9, "no threshold"),
        (HEAD + SECURITY + WAIVER.replace("expires_at", "expires"), 12, "`expires`"),
        (HEAD + SECURITY + WAIVER.replace("    owner: Ada\n", ""), 9, "`owner` is missing"),
        (HEAD + SECURITY + WAIVER.replace("no fix yet", "x" * 4001), 9, "reason"),
        (HEAD.replace("platform", '"\\ud800"') + UNIT, None, "lone surrogate"),
        (HEAD + "suites:\n" + "  - {name: a, kind: unit, command: x}\n" * 201, 3, "at most 200"),
        (HEAD + UNIT + "schema_version: 2\n", 7, "schema_version"),
        (HEAD + UNIT + "x: " + "[" * 5000, 1, "nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(text, line, words) -> None:
    """Nothing half-understood is run: each mistake is one clear sentence and a place."""
    with pytest.raises(SuiteConfigError) as caught:
        config(text)
    said = str(caught.value)
    assert words in said
    assert (caught.value.line, "readiness.yml" in said, bool(caught.value.advice)) == (line, True, True)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"release: \xc3\x28\n", b"#" * 70_000, b"a\0b"])
def test_what_is_no_text_is_refused(data) -> None:
    """Other encodings, and a file too large, end with a message."""
    with pytest.raises(ReadinessError, match=r"readiness\.yml"):
        parse(data, "readiness.yml")


def test_kinds_and_their_limits_agree() -> None:
    """Every kind says what it must reach."""
    assert set(KINDS) == set(DEFAULTS)
