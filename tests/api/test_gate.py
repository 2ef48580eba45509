"""What CI asks: may this release go?"""

from __future__ import annotations

import re

from checklists.actions import gates, library, releases, signoffs, stages
from checklists.api.standing import RESOLVE
from checklists.loaded import load
from checklists.models import Environment, Gate
from readiness.engine.policy import Blocker
from tests import governed, signing
from tests.api.conftest import as_person
from tests.conftest import SOURCE, run_checks

URL = "projects/image-classifier/releases/1.4.0/gate"


def test_fresh_gate(api, gate):
    """Everything is open: verdict, counts, and each blocker with what resolves it and where."""
    answer = api.get(f"{URL}?environment=production")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["verdict"] == "open"
    assert told["counts"]["open"] == told["counts"]["total"] == 8
    assert [one["id"] for one in told["gates"]] == [gate.pk]
    first = told["blockers"][0]
    assert first["title"] == "Weights are there"
    assert first["resolve"] == "Run its checks."
    assert first["url"] == f"http://localhost:8000/gates/{gate.pk}/#item-weights"


def test_no_gate(api, release):
    """404 with advice, and with the environments there are."""
    told = api.get(f"{URL}?environment=production").json()
    assert told["status"] == 404
    assert "POST /api/v1/projects/image-classifier/releases/1.4.0/gates" in told["advice"]
    assert api.get(f"{URL}?environment=moon").json()["advice"] == "There are: production, staging."


def test_polling(api, gate, people):
    """An unchanged gate is 304; one that changed is told anew."""
    first = api.get(URL)
    tag = first.headers["ETag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        again = api.get(URL, If_None_Match=given)
        assert (again.status_code, again.content) == (304, b"")
    assert api.get(URL, If_None_Match='"other"').status_code == 200
    run_checks(gate, people.lead)
    later = api.get(URL, If_None_Match=tag)
    assert later.status_code == 200
    assert later.json()["counts"]["passed"] == 2


def opened(gate, people, place, slug, **columns):
    """Another gate of the release, with columns as the database may hold them."""
    checklist = library.publish(source=SOURCE.replace("slug: small", f"slug: {slug}"), by=None)
    made = gates.open_gate(
        release=gate.release,
        checklist=checklist,
        environment=Environment.objects.get(project=gate.release.project, name=place),
        by=people.contributor,
    )
    Gate.objects.filter(pk=made.pk).update(**columns)
    return made


def test_the_worst_counts(api, ready_gate, people):
    """Of several gates all are told, with the blockers of each; other environments only when not asked."""
    other = opened(ready_gate, people, "production", "second")
    staging = opened(ready_gate, people, "staging", "third")
    told = api.get(f"{URL}?environment=production").json()
    assert [(one["id"], one["verdict"]) for one in told["gates"]] == [
        (ready_gate.pk, "ready"),
        (other.pk, "open"),
    ]
    assert (told["verdict"], told["id"]) == ("open", other.pk)
    assert len(told["blockers"]) == sum(len(one["blockers"]) for one in told["gates"])
    assert staging.pk in [one["id"] for one in api.get(URL).json()["gates"]]


def test_gates_that_do_not_count(api, ready_gate, people):
    """One that was replaced, and the one after deployment unless its stage is asked for."""
    opened(ready_gate, people, "production", "old", superseded_by=ready_gate)
    after = opened(ready_gate, people, "production", "after", stage="post-deployment")
    told = api.get(URL).json()
    assert [one["id"] for one in told["gates"]] == [ready_gate.pk]
    told = api.get(f"{URL}?stage=post-deployment").json()
    assert [one["id"] for one in told["gates"]] == [after.pk]


def test_approved(api, ready_gate, people):
    """Signed by every role: approved, with nothing in the way."""
    for role in ("technical-lead", "product-owner", "compliance"):
        by = {
            "technical-lead": people.lead,
            "product-owner": people.product,
            "compliance": people.compliance,
        }[role]
        told = api.get(URL).json()
        assert told["signatures"][role] == "missing"
        blocker = next(one for one in told["blockers"] if one["kind"] == "unsigned")
        assert "signature" in blocker["resolve"]
        confirmed = range(len(signoffs.role_criteria(load(ready_gate.pk), role)))
        signing.approve(
            gate=ready_gate.pk,
            role=role,
            by=by,
            digest=told["digest"],
            confirmed=confirmed,
        )
    told = api.get(URL).json()
    assert (told["verdict"], told["blockers"], told["score"]) == ("approved", [], 100.0)
    assert set(told["signatures"].values()) == {"valid"}


def test_failed_item_says_what_to_do(api, gate, people, run_dir):
    """The check's own advice, where there is some."""
    (run_dir / "model.bin").unlink()
    run_checks(gate, people.lead, "weights")
    blocker = next(one for one in api.get(URL).json()["blockers"] if one["item"] == "weights")
    assert blocker["kind"] == "failed"
    assert blocker["resolve"]
    assert blocker["url"].endswith(f"/gates/{gate.pk}/#item-weights")


def test_every_kind_of_blocker_has_a_way_out(api, gate):
    """The words for each kind that the policy knows."""
    kinds = re.findall(r"[a-z]+", re.search(r"`kind` is (.*?)\.\n", Blocker.__doc__, re.DOTALL)[1])
    assert set(kinds) - {"or"} == set(RESOLVE)


def test_a_stage_without_a_gate_keeps_it_open(project, people, run_dir):
    """Approved gates say nothing for a stage that has none, also where an earlier answer is known."""
    quick = governed.by_hand("quick")
    governed.by_hand("fin")
    release = releases.create(
        project=project, by=people.contributor, version="3.0", root=str(run_dir), checklist=quick
    )
    where = governed.environment(project)
    gate = gates.open_gate(release=release, checklist=quick, environment=where, by=people.contributor)
    governed.approve(gate, people)
    api = as_person(people.contributor)
    base = "projects/image-classifier/releases/3.0/gate"
    for address in (base, f"{base}?environment=production"):
        before = api.get(address)
        assert before.json()["verdict"] == "approved"
        governed.set_stages(project, people, readiness=("fin", "staging"), production=("fin", "production"))
        said = api.get(address, If_None_Match=before.headers["ETag"])
        assert said.json()["verdict"] == "open"
        assert [b["kind"] for b in said.json()["blockers"]] == ["stage", "stage"]
        stages.set_stages(project=project, by=people.owner, rows={})
