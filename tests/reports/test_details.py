"""What checks saw: details of findings on the item's page and in the gate page's open row."""

from __future__ import annotations

import re
from html import unescape

import pytest

from checklists.actions import gates, library, releases, runs
from checklists.loaded import LoadedItem
from checklists.models import CheckRun, Environment, Gate
from checklists.reports.details import BLOCK, CELL, FIRST_ROWS, LAYERS, MOST_ROWS, isolation, seen
from checklists.shown import rows
from checklists.shown.body import SHOWN_MEASUREMENTS
from readiness.engine.isolation import LEVELS
from tests.conftest import SOURCE

LEVEL = "rlimit+seccomp+landlock+userns"
LIMITS = "limits on time and memory (rlimit)"
WORDS = f"{LIMITS}, a filter of system calls (seccomp), no files but its own (landlock), no network (userns)"
MANY = [{"id": f"GHSA-{n:04}", "package": "demo"} for n in range(480)]


def looked(details, kind="lint"):
    """The details as a page would show them."""
    return seen({"kind": kind, "finding": {"details": details}})


def visible(html: str) -> str:
    """The text a reader sees, blanks joined."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


FACTS = {
    "a number": ({"rows": 400}, ("Rows", "400")),
    "a truth": ({"run_protected": True}, ("Run protected", "yes")),
    "a short list": ({"classes": ["cat", "dog"]}, ("Classes", "cat, dog")),
    "a path as name": ({"models/a.onnx": "loads"}, ("models/a.onnx", "loads")),
    "turned text": ({"file": "invoice\u202egnp.exe"}, ("File", "invoice[U+202E]gnp.exe")),
    "control characters": ({"said": "a\x1b[31mb"}, ("Said", "a[U+001B][31mb")),
    "a long text": ({"said": "w" * 1_000_000}, ("Said", "w" * (CELL - 1) + "…")),
}


@pytest.mark.parametrize("case", FACTS)
def test_facts(case):
    """What fits on a line is one, with a readable name, cut and legible."""
    details, fact = FACTS[case]
    assert looked(details).facts == [fact]
    assert looked(details).parts == []


def test_table_of_mappings():
    """Mappings become a table whose columns are all their keys; what a row lacks is a dash."""
    part = looked({"open": [{"id": "A", "fixed": None}, {"id": "B", "line": 3}]}).parts[0]
    assert (part.label, part.head) == ("Open", ["Id", "Fixed", "Line"])
    assert part.rows == [["A", "–", "–"], ["B", "–", "3"]]


def test_long_lists_are_bounded():
    """An open row shows the first ones, the page the first two hundred; both say how many are left."""
    part = looked({"open": MANY}).parts[0]
    assert len(part.first) == FIRST_ROWS
    assert len(part.rows) == MOST_ROWS
    assert (part.more, part.unseen) == (480 - MOST_ROWS, 480 - FIRST_ROWS)
    assert not looked({"open": MANY}).short


def test_mapping_and_output():
    """A mapping is a table of names and values; of a long output the end is kept."""
    found = looked({"values": {"age": 0.7, "plan": {"a": [1, 2]}}, "output_tail": "x\n" * BLOCK + "the end"})
    assert found.parts[0].rows == [["age", "0.7"], ["plan", "a: 1, 2"]]
    block = found.parts[1].block
    assert block.startswith("…")
    assert block.endswith("the end")
    assert len(block) == BLOCK + 1


def test_deep_details_end():
    """Nesting without an end is cut, not followed."""
    deep: dict[str, object] = {}
    for _ in range(500):
        deep = {"in": deep}
    assert "…" in looked({"tree": deep}).parts[0].rows[0][1]


@pytest.mark.parametrize("details", [{}, None, "text", {"failed": [], "compression": None, "said": ""}])
def test_nothing_to_tell(details):
    """Empty entries, and details that are none, tell nothing."""
    found = looked(details)
    assert (found.isolation, found.facts, found.parts) == ("", [], [])


def test_isolation():
    """The level stands for itself, not among the details; a kind that tells it for each file is read too."""
    assert isolation({"isolation": LEVEL}) == WORDS
    assert isolation({"a.onnx": {"isolation": LEVEL}, "b.onnx": {"isolation": LEVEL}}) == WORDS
    assert isolation({"a": {"isolation": "rlimit"}, "b": {"isolation": LEVEL}}) == f"{LIMITS}; {WORDS}"
    assert isolation({"isolation": "magic\u202e+rlimit"}) == f"magic[U+202E], {LIMITS}"
    assert looked({"isolation": LEVEL, "problem": "BadContent"}).facts == []


def finding(outcome="FAIL", message="480 open", **more):
    """A finding as it is stored."""
    empty = {"advice": "", "measurements": [], "charts": [], "details": {}}
    return {"outcome": outcome, "message": message} | empty | more


@pytest.fixture
def gate_with(project, people, run_dir, lifted_triggers):
    """A gate of a checklist that demands isolation, whose item has this stored result."""

    def make(found: dict[str, object]) -> Gate:
        source = SOURCE.replace("gate: Validation", "isolation: seccomp\ngate: Validation")
        checklist = library.publish(source=source, by=None)
        release = releases.create(
            project=project, by=people.contributor, version="1.4.0", root=str(run_dir), checklist=checklist
        )
        production = Environment.objects.get(project=project, name="production")
        gate = gates.open_gate(release=release, checklist=checklist, environment=production, by=people.owner)
        (pk,) = runs.request_one(gate=gate.pk, key="weights", by=people.lead)
        claimed = runs.claim(pk)
        assert claimed
        runs.finish(run=pk, claim=claimed.claim, results=runs.execute(claimed))
        stored = CheckRun.objects.get(pk=pk)
        results = [one | {"finding": found} for one in stored.results]
        CheckRun.objects.filter(pk=pk).update(results=results, outcome=found["outcome"])
        return gate

    return make


def test_item_page_shows_details(client, people, gate_with):
    """The page has the level reached beside the demanded one, and every id that was kept, bounded."""
    gate = gate_with(finding(details={"isolation": LEVEL, "open": MANY}))
    client.force_login(people.reader)
    said = visible(client.get(f"/gates/{gate.pk}/items/weights/").content.decode())
    assert f"isolated by {WORDS} ; this checklist demands seccomp." in said
    assert "GHSA-0000" in said
    assert f"GHSA-{MOST_ROWS - 1:04}" in said
    assert f"GHSA-{MOST_ROWS:04}" not in said
    assert f"and {480 - MOST_ROWS} more, not shown" in said


def test_open_row_shows_the_first(client, people, gate_with):
    """The gate page's open row stays short and leads to the rest."""
    gate = gate_with(finding(details={"isolation": LEVEL, "open": MANY}))
    client.force_login(people.reader)
    html = client.get(f"/gates/{gate.pk}/items/weights/body").content.decode()
    assert html.count("GHSA-") == FIRST_ROWS
    assert f'<a href="/gates/{gate.pk}/items/weights/">{480 - FIRST_ROWS} more' in html
    assert WORDS in html


def test_hostile_details_are_only_text(client, people, gate_with):
    """Names and values of a check's details are written as text."""
    gate = gate_with(finding(details={"<b>key": "<script>x()</script>", "list": [{"<i>": "<img src=x>"}]}))
    client.force_login(people.reader)
    html = client.get(f"/gates/{gate.pk}/items/weights/").content.decode()
    assert "&lt;script&gt;x()" in html
    assert not re.search(r"<script>x|<img src=x|<b>key|<i>", html)


@pytest.mark.parametrize("outcome", ["PASS", "FAIL"])
def test_cut_message_can_be_read_whole(client, people, gate_with, outcome):
    """A message that its row cuts stands whole below, also when the only check passed."""
    gate = gate_with(finding(outcome, "word " * 100 + "and the end\u202e"))
    client.force_login(people.reader)
    said = visible(client.get(f"/gates/{gate.pk}/items/weights/").content.decode())
    assert "and the end[U+202E]" in said


def test_demanded_isolation_is_told(client, people, gate_with):
    """The gate's head and the checklist's page name the level that checks demand."""
    gate = gate_with(finding())
    client.force_login(people.reader)
    for path in (f"/gates/{gate.pk}/", "/checklists/small/1.0.0/"):
        said = visible(client.get(path).content.decode())
        assert "checks demand isolation of level seccomp" in said


def measured(name, value, limit=None, unit=None):
    """A measurement as it is stored."""
    judged = {"op": limit[0], "value": limit[1]} if limit else None
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "limit": judged,
        "source": "a.json",
        "volatile": False,
    }


def test_many_measurements_are_bounded(client, people, gate_with):
    """A table of hundreds of lines is cut, says so, and keeps the one that failed."""
    many = [measured(f"column {n}", n, ("<", 600)) | {"ok": n < 600} for n in range(601)]
    gate = gate_with(finding(measurements=many))
    client.force_login(people.reader)
    html = client.get(f"/gates/{gate.pk}/items/weights/").content.decode()
    assert html.count('<th scope="row"') == SHOWN_MEASUREMENTS
    assert "column 600<" in html
    assert f"and {601 - SHOWN_MEASUREMENTS} more measurements" in html


EMPHASIS = {
    "not a part of a word": ("it is not a number, faults 12", [measured("Ends", "no", ("==", "yes"))], []),
    "no truth": ("no end", [measured("Ends", False, ("==", True))], []),
    "not a part of a number": ("100 % of 0.80 % and 0 %", [measured("F", 0, ("<", 0), "%")], ["0 %"]),
    "only what failed": (
        "120 of 200 passed",
        [measured("Run", 200, (">=", 5)), measured("Passed", 120, (">=", 200))],
        ["120"],
    ),
}


@pytest.mark.parametrize("case", EMPHASIS)
def test_red_is_what_failed(case):
    """A failed row paints the values that failed, whole, and nothing else."""
    text, measurements, bold = EMPHASIS[case]

    class Row:
        state, decided, reason, run_id, run = "failed", "checks", "", None, None

    class Stored(LoadedItem):
        findings = [finding(message=text, measurements=measurements)]

    shown = rows._observed(Stored(Row(), None, []))
    assert re.findall(r"<b>(.*?)</b>", shown) == bold


def test_every_layer_has_words():
    """A layer that the engine learns must be told to people too."""
    assert LAYERS.keys() == set(LEVELS)
