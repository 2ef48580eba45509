"""Forms of projects and releases. Acts judge; forms only turn text into values and keep what was typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet

from checklists.errors import TooLarge
from checklists.models import ChecklistVersion, Environment, Project, Release
from readiness.engine import parameters
from readiness.engine.archives import ArchiveRefused
from readiness.engine.checklist import Parameter
from readiness.engine.errors import ParameterError, ReadinessError, RunDirectoryError
from readiness.engine.sizes import size_words

PREFIX = "parameter-"
LONGEST = 60  # characters of an environment's name
HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
BOOLEANS = (("yes", "Yes"), ("no", "No"))


def published(project: Project) -> QuerySet[ChecklistVersion]:
    """Everybody's published checklists and the project's own, without their long texts."""
    rows = ChecklistVersion.objects.filter(Q(project=None) | Q(project=project))
    return rows.defer("source", "html").order_by("slug", "-published_at")


def _choices(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows


class Form(forms.Form):
    """Controls in the page's looks, and a place for an act's refusal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            dress(field)

    def refused(self, error: ReadinessError, field: str | None = None) -> None:
        """Show an act's refusal at its field, or above the form."""
        self.add_error(field if field in self.fields else None, str(error))


def plain(text: str) -> None:
    """Refuse characters that nobody sees: line ends, control characters, marks that turn text around."""
    hidden = HIDDEN.search(text)
    if hidden:
        raise forms.ValidationError(f"Take out the invisible character U+{ord(hidden[0]):04X}.")


def dress(field: forms.Field) -> None:
    """Tabler's class for the control; a single line holds only characters that can be seen."""
    if type(field) is forms.CharField and not isinstance(field.widget, forms.Textarea):
        field.validators.append(plain)
    chooser = isinstance(field, forms.ChoiceField | forms.ModelChoiceField)
    field.widget.attrs["class"] = "form-select" if chooser else "form-control"


class ProjectForm(Form):
    """A new project."""

    name = forms.CharField(
        max_length=120, help_text="The thing that is released, such as “Image classifier”."
    )
    description = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One or two sentences.",
    )
    environments = forms.CharField(
        max_length=300, initial="staging, production", help_text="Where its gates lead, separated by commas."
    )

    def clean_environments(self) -> tuple[str, ...]:
        """Names in the order given, each once."""
        names = [name.strip() for name in self.cleaned_data["environments"].split(",")]
        if any(len(name) > LONGEST for name in names):
            raise forms.ValidationError(f"A name has at most {LONGEST} characters.")
        kept = tuple({name.lower(): name for name in names if name}.values())
        if not kept:
            raise forms.ValidationError("Name at least one environment, such as “production”.")
        return kept


class EnvironmentForm(Form):
    """One more environment."""

    name = forms.CharField(max_length=LONGEST)


class ParametersForm(Form):
    """The parameters that a checklist declares, one field each, typed as declared."""

    def __init__(
        self,
        *args: Any,
        declared: tuple[Parameter, ...],
        present: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.declared = declared
        for parameter in declared:
            value = (present or {}).get(parameter.name, parameter.default)
            self.fields[PREFIX + parameter.name] = _field(parameter, value)

    def clean(self) -> dict[str, Any]:
        """Each parameter as its type, with the error at its own field; the act decides again."""
        for parameter in self.declared:
            name = PREFIX + parameter.name
            try:
                parameters.convert(parameter, self.cleaned_data.get(name))
            except ParameterError as error:
                self.add_error(name, error.message)
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        """What was typed, by parameter name."""
        return {p.name: self.cleaned_data.get(PREFIX + p.name, "") for p in self.declared}

    def rows(self) -> list[tuple[forms.BoundField, str]]:
        """The parameters' fields with their units."""
        return [(self[PREFIX + p.name], p.unit) for p in self.declared]


def _field(parameter: Parameter, value: Any) -> forms.Field:
    label = parameter.help or parameter.name.replace("_", " ").capitalize()
    default = (
        f"default {_shown(parameter.default)}" if parameter.default is not None else "not set by default"
    )
    common: dict[str, Any] = {"label": label, "required": False, "initial": _shown(value)}
    common["help_text"] = (
        f"{parameter.name}, {default}{' ' + parameter.unit if parameter.default is not None else ''}".strip()
    )
    field: forms.Field
    if parameter.type == "boolean":
        field = forms.ChoiceField(choices=BOOLEANS, **common)
    else:
        field = forms.CharField(max_length=500, **common)
        field.widget.attrs["inputmode"] = {"number": "decimal", "integer": "numeric", "url": "url"}.get(
            parameter.type, "text"
        )
    dress(field)
    return field


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


NEITHER = "Name a run directory, or choose an archive."
BOTH = "Name a run directory or choose an archive, not both."
CHOOSE_AGAIN = "Choose the archive again: a browser does not keep it."


class ReleaseForm(ParametersForm):
    """A new release and its gate. Which parameters there are follows from the chosen checklist."""

    version = forms.CharField(max_length=60, help_text="Such as 1.4.0; once per project.")
    root = forms.CharField(
        max_length=500,
        required=False,
        label="A run directory on the server",
        help_text="One that is offered, or a path beneath the configured roots.",
    )
    archive = forms.FileField(
        required=False,
        label="Or an archive of the run",
        widget=forms.FileInput(attrs={"accept": ".zip,.tar,.tar.gz,.tgz,.tar.bz2,.tar.xz"}),
    )
    checklist = forms.ModelChoiceField(queryset=ChecklistVersion.objects.none(), empty_label=None)
    environment = forms.ModelChoiceField(queryset=Environment.objects.none(), empty_label=None)
    planned_for = forms.DateField(
        required=False,
        label="Planned deployment",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(
        self, *args: Any, project: Project, offered: list[str], staged: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.offered = offered
        self.fields["root"].widget.attrs |= {"list": "runs", "autocomplete": "off"}
        self.fields["archive"].help_text = (
            f"A .zip, .tar or .tar.gz of at most {size_words(settings.UPLOAD_MAX_BYTES)}: pack what is in the"
            " run directory, not the directory itself. Links and encrypted files are refused."
        )
        if staged:  # the project's stages say which gates there are
            del self.fields["checklist"], self.fields["environment"]
            return
        self.fields["checklist"].widget.attrs["data-again"] = "again"
        _choices(self, "checklist", published(project))
        _choices(self, "environment", project.environments.all())

    def clean_version(self) -> str:
        """A version that this project does not have yet."""
        version: str = self.cleaned_data["version"].strip()
        if Release.objects.filter(project=self.project, version=version).exists():
            raise forms.ValidationError(
                f"{self.project.name} {version} already exists. Choose another version."
            )
        return version

    def clean(self) -> dict[str, Any]:
        """Either a directory or an archive. A browser forgets a chosen file, so its field says so."""
        data = super().clean()
        if bool(data.get("root")) == bool(data.get("archive")):
            words = BOTH if data.get("root") else NEITHER
            self.add_error("root", words)
        if self.errors and data.get("archive"):
            self.add_error("archive", CHOOSE_AGAIN)
        return data

    def refused(self, error: ReadinessError, field: str | None = None) -> None:
        """A directory or an archive that cannot be used is said at its field."""
        places = {RunDirectoryError: "root", ArchiveRefused: "archive", TooLarge: "archive"}
        place = next((name for kind, name in places.items() if isinstance(error, kind)), field)
        super().refused(error, place)


class GateForm(Form):
    """Another gate of a release."""

    checklist = forms.ModelChoiceField(queryset=ChecklistVersion.objects.none(), empty_label=None)
    environment = forms.ModelChoiceField(queryset=Environment.objects.none(), empty_label=None)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "checklist", published(project))
        _choices(self, "environment", project.environments.all())


class ChangeForm(ParametersForm):
    """Other values for a release's parameters, with the reason."""

    reason = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed once a check has used the present values; printed in the report.",
    )
