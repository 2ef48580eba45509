"""The runner: whatever goes wrong in a check becomes a finding, never a pass."""

from __future__ import annotations

import threading

import pytest

from readiness.engine import errors, registry, runner
from readiness.engine.checklist import Checklist, CheckSpec, Criterion, Item, Requirement, Section
from readiness.engine.outcome import Finding, Outcome
from readiness.engine.registry import DuplicateKindError, Params, check
from readiness.engine.target import RunDirectory


class RaiseParams(Params, frozen=True):
    what: str = ""


PROBLEMS = {
    "missing": errors.FileMissing("no file"),
    "notfound": errors.NotFound("no key"),
    "content": errors.BadContent("bad"),
    "allowed": errors.NotAllowed("no"),
    "refused": errors.FileRefused("link"),
    "changed": errors.FileChanged("moved"),
    "limit": errors.LimitExceeded("slow"),
    "extra": errors.ExtraMissing("onnxruntime", "models"),
    "crash": ZeroDivisionError("division"),
    "recursion": RecursionError("deep"),
}


@pytest.fixture
def raising(monkeypatch):
    """A kind that raises what its parameter names."""
    monkeypatch.setattr(registry, "_KINDS", dict(registry.kinds()))

    @check("raising", title="Raises", short="what")
    def raising(want: RaiseParams, run: RunDirectory) -> Finding:
        if want.what in PROBLEMS:
            raise PROBLEMS[want.what]
        return Finding(outcome=Outcome.PASS, message=want.what)


TABLE = [
    ("missing", "FAIL", "SKIP"),
    ("notfound", "FAIL", "SKIP"),
    ("content", "FAIL", "FAIL"),
    ("allowed", "SKIP", "SKIP"),
    ("refused", "ERROR", "ERROR"),
    ("changed", "ERROR", "ERROR"),
    ("limit", "ERROR", "ERROR"),
    ("extra", "ERROR", "ERROR"),
    ("crash", "ERROR", "ERROR"),
    ("recursion", "ERROR", "ERROR"),
    ("fine", "PASS", "PASS"),
]


@pytest.mark.parametrize(("what", "mandatory", "optional"), TABLE)
def test_problems_become_findings(raising, tmp_path, what, mandatory, optional):
    """Each kind of problem has its outcome, by requirement level; a crash names itself."""
    spec = CheckSpec(kind="raising", params=what)
    for required, outcome in ((True, mandatory), (False, optional)):
        result = runner.run_check(spec, RunDirectory(tmp_path), {}, required=required)
        assert result.finding.outcome == outcome
    if what == "crash":
        assert "ZeroDivisionError" in result.finding.message


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        (CheckSpec(kind="no-such-kind", params={}), "no-such-kind"),
        (CheckSpec(kind="raising", params={"which": 1}), "which"),
        (CheckSpec(kind="raising", params={"what": 3}), "what"),
        (CheckSpec(kind="raising", params="$unset"), "unset"),
    ],
)
def test_bad_parameters_are_errors(raising, tmp_path, spec, word):
    """Unknown kinds, unknown or mistyped parameters and unset references are ERROR and name the culprit."""
    finding = runner.run_check(spec, RunDirectory(tmp_path), {}, required=True).finding
    assert finding.outcome is Outcome.ERROR
    assert word in f"{finding.message} {finding.advice}"


def items(*whats: str, requirement: Requirement = Requirement.MANDATORY) -> Checklist:
    """A checklist with one item per word."""
    made = tuple(
        Item(
            id=f"i{n}",
            text=what,
            requirement=requirement,
            criteria=(Criterion(text="c"),),
            checks=(CheckSpec(kind="raising", params=what),),
        )
        for n, what in enumerate(whats)
    )
    return Checklist(title="t", slug="t", sections=(Section(title="s", level=2, items=made),))


def test_a_crash_does_not_end_the_run(raising, tmp_path):
    """Other items still run; results and callbacks come in document order."""
    seen = []
    checklist = items("fine", "crash", "missing", "fine")
    results = runner.run_checklist(checklist, RunDirectory(tmp_path), {}, on_item=seen.append, workers=2)
    assert [r.outcome for r in results] == ["PASS", "ERROR", "FAIL", "PASS"]
    assert seen == results


def test_when(raising, tmp_path):
    """A check with `when` runs only when its parameter is set; else there is no outcome."""
    item = Item(id="i", text="t", checks=(CheckSpec(kind="raising", params="fine", when="url"),))
    run = RunDirectory(tmp_path)
    assert runner.run_item(item, run, {"url": None}).outcome is None
    assert runner.run_item(item, run, {"url": "https://a.example"}).outcome is Outcome.PASS


def test_result_round_trip(raising, tmp_path):
    """A stored result is the result."""
    result = runner.run_check(
        CheckSpec(kind="raising", params="fine"), RunDirectory(tmp_path), {}, required=True
    )
    again = runner.CheckResult.from_dict(result.to_dict())
    assert again.to_dict() == result.to_dict()


def test_duplicate_kind(raising):
    """Declaring a kind twice is an error."""
    with pytest.raises(DuplicateKindError):

        @check("raising", title="Again")
        def again(want: RaiseParams, run: RunDirectory) -> Finding:
            raise NotImplementedError


def test_messages_are_one_legible_line(raising, tmp_path):
    """Control characters and direction marks out of a file neither reach the terminal nor the page."""
    spec = CheckSpec(kind="raising", params="a\x1b[31m\0\n\u202eb ≥ é")
    finding = runner.run_check(spec, RunDirectory(tmp_path), {}, required=True).finding
    assert finding.message == "a\\x1b[31m\\x00\\n\\u202eb ≥ é"


def test_an_endless_message_is_cut(raising, tmp_path):
    """What a check says is stored and shown, so a text from a file cannot make it endless."""
    found = runner.run_check(
        CheckSpec(kind="raising", params={"what": "x" * 1_000_000}), RunDirectory(tmp_path), {}, required=True
    ).finding
    assert len(found.message) == runner.LONGEST + 1


@pytest.fixture
def meeting(monkeypatch):
    """A kind that waits until as many of its checks run as its parameter says."""
    monkeypatch.setattr(registry, "_KINDS", dict(registry.kinds()))
    gates = {}

    @check("meeting", title="Meets others", short="what")
    def meeting(want: RaiseParams, run: RunDirectory) -> Finding:
        gates.setdefault(want.what, threading.Barrier(int(want.what))).wait(5)
        return Finding(outcome=Outcome.PASS, message=want.what)


def test_checks_of_one_item_run_in_parallel(meeting, tmp_path):
    """One item with several checks uses all cores; its results stay in order."""
    specs = tuple(CheckSpec(kind="meeting", params=what, line=n) for n, what in enumerate(("2", "2")))
    item = Item(id="i", text="t", checks=specs)
    checklist = Checklist(title="t", slug="t", sections=(Section(title="s", level=2, items=(item,)),))
    (result,) = runner.run_checklist(checklist, RunDirectory(tmp_path), {}, workers=2)
    assert result.outcome is Outcome.PASS
    assert [r.kind for r in result.results] == ["meeting", "meeting"]


def test_order_is_that_of_the_document(raising, tmp_path):
    """Whatever ends first: items, and the checks of each, keep their order."""
    whats = [f"{n}" for n in range(30)]
    checks = tuple(CheckSpec(kind="raising", params=what) for what in whats)
    made = (
        Item(id="a", text="t", checks=checks),
        Item(id="b", text="t"),
        Item(id="c", text="t", checks=checks),
    )
    checklist = Checklist(title="t", slug="t", sections=(Section(title="s", level=2, items=made),))
    results = runner.run_checklist(checklist, RunDirectory(tmp_path), {}, workers=4)
    assert [r.item.id for r in results] == ["a", "b", "c"]
    assert [[c.finding.message for c in r.results] for r in results] == [whats, [], whats]


def test_an_alias_is_the_same_kind(monkeypatch, tmp_path):
    """A kind is found by its older name, which is listed nowhere; the result keeps the name as written."""
    monkeypatch.setattr(registry, "_KINDS", dict(registry.kinds()))
    monkeypatch.setattr(registry, "_ALIASES", dict(registry._ALIASES))

    @check("newer", title="New", short="what", aliases=("older",))
    def newer(want: RaiseParams, run: RunDirectory) -> Finding:
        return Finding(outcome=Outcome.PASS, message=want.what)

    assert registry.get("older") is registry.get("newer")
    assert "older" not in registry.kinds()
    spec = CheckSpec(kind="older", params="fine")
    result = runner.run_check(spec, RunDirectory(tmp_path), {}, required=True)
    assert (result.kind, result.finding.outcome) == ("older", Outcome.PASS)
    for taken in ("older", "newer"):
        with pytest.raises(DuplicateKindError, match=taken):

            @check(taken, title="Again")
            def again(want: RaiseParams, run: RunDirectory) -> Finding:
                raise NotImplementedError

    with pytest.raises(DuplicateKindError, match="newer"):

        @check("another", title="Again", aliases=("newer",))
        def other(want: RaiseParams, run: RunDirectory) -> Finding:
            raise NotImplementedError
