"""Forms of stages and schedules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q

from checklists.actions.stages import Demand
from checklists.forms.base import Form
from checklists.models import ChecklistVersion, Environment, Gate, Project, ProjectStage
from checklists.models.gate import Stage
from checklists.models.stage import Every

NOT_ASKED = "Not asked"
MEANINGS = {
    Stage.BUILD: "The candidate is built and its files are what they should be.",
    Stage.READINESS: "Suites, model and documents meet the bar.",
    Stage.STAGING: "It runs in staging as it will in production.",
    Stage.APPROVAL: "The people who answer for it agree.",
    Stage.PRODUCTION: "The last look before it goes out.",
    Stage.POST_DEPLOYMENT: "It works where it is. Its gate opens when the release is deployed.",
}


def slugs(project: Project) -> list[tuple[str, str]]:
    """Checklists that the project may use: slug and title, by title."""
    rows = ChecklistVersion.objects.filter(Q(project=None) | Q(project=project)).order_by("published_at")
    titles = dict(rows.values_list("slug", "title"))
    return sorted(titles.items(), key=lambda pair: (pair[1].casefold(), pair[0]))


class StagesForm(Form):
    """Each stage with a checklist and an environment, or not asked."""

    def __init__(self, *args: Any, project: Project, present: Iterable[ProjectStage], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = {row.stage: row for row in present}
        environments = list(project.environments.all())
        self.environments = {str(one.pk): one for one in environments}
        for stage in Stage:
            row = rows.get(stage)
            self._choice(f"{stage}-checklist", "Checklist", [("", NOT_ASKED), *slugs(project)])
            self._choice(f"{stage}-environment", "Environment", [(str(e.pk), e.name) for e in environments])
            if row:
                self.initial[f"{stage}-checklist"] = row.checklist_slug
                self.initial[f"{stage}-environment"] = str(row.environment_id)

    def _choice(self, name: str, label: str, choices: list[tuple[str, str]]) -> None:
        field = forms.ChoiceField(choices=choices, label=label, required=False)
        field.widget.attrs["class"] = "form-select"
        self.fields[name] = field

    def clean(self) -> dict[str, Any]:
        """A stage with a checklist needs an environment."""
        for stage in Stage:
            chosen = self.cleaned_data.get(f"{stage}-checklist")
            if chosen and not self.cleaned_data.get(f"{stage}-environment"):
                self.add_error(f"{stage}-environment", "Choose where this stage’s gate leads.")
        return self.cleaned_data

    def rows(self) -> dict[str, Demand]:
        """What was chosen, by stage."""
        found = {}
        for stage in Stage:
            slug = self.cleaned_data.get(f"{stage}-checklist")
            where = self.environments.get(self.cleaned_data.get(f"{stage}-environment", ""))
            if slug and where:
                found[stage.value] = Demand(checklist=slug, environment=where)
        return found

    def lines(self) -> list[tuple[int, str, str, forms.BoundField, forms.BoundField]]:
        """Number, name and meaning of each stage with its two fields."""
        return [
            (n, str(s.label), MEANINGS[s], self[f"{s}-checklist"], self[f"{s}-environment"])
            for n, s in enumerate(Stage, start=1)
        ]


class ScheduleForm(Form):
    """Something that happens again and again."""

    what = forms.ChoiceField(label="What", choices=())
    environment = forms.ModelChoiceField(
        queryset=Environment.objects.none(),
        required=False,
        help_text="Only when a gate is opened: the environment whose deployed release is looked at.",
    )
    every = forms.ChoiceField(choices=Every, initial=Every.MONTH, label="How often")
    first_at = forms.DateTimeField(
        label="First time",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        help_text="The rhythm is counted from here: the 31st is the last day of shorter months.",
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Gate.objects.filter(release__project=project, superseded_by=None)
        rows = rows.select_related("release__project", "environment", "checklist").defer(
            "checklist__source", "checklist__content", "checklist__html"
        )
        self.gates = {f"gate-{gate.pk}": gate for gate in rows.order_by("-opened_at")[:50]}
        what = self.fields["what"]
        assert isinstance(what, forms.ChoiceField)
        what.choices = [
            (
                "Open a gate for what is deployed",
                [(f"open-{slug}", f"Open a gate: {title}") for slug, title in slugs(project)],
            ),
            (
                "Run a gate’s checks again",
                [(key, f"{gate} · {gate.checklist.title}") for key, gate in self.gates.items()],
            ),
        ]
        field = self.fields["environment"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = project.environments.all()

    def values(self) -> dict[str, Any]:
        """The act's arguments."""
        what: str = self.cleaned_data["what"]
        common = {"every": self.cleaned_data["every"], "first_at": self.cleaned_data["first_at"]}
        if what in self.gates:
            return common | {"gate": self.gates[what]}
        slug = what.removeprefix("open-")
        return common | {"checklist": slug, "environment": self.cleaned_data["environment"]}
