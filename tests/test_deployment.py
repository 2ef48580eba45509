"""Images, compose file, lock files and the operator's page keep their promises."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
OPERATING = (ROOT / "docs" / "operating.md").read_text()
LOCKS = ("requirements.lock", "requirements-dev.lock")
# What the code reads by name; `DATABASE_PASSWORD` and the like have no prefix of ours.
READ = re.compile(r"""env\.(?:text|boolean|integer|words|choice|pairs|database)\(\s*"([A-Z_]+)\"""")
SECRETS = ("SECRET_KEY", "PASSWORD")


def instructions(name: str) -> list[str]:
    """The arguments of each such instruction of the Dockerfile, in order."""
    return [line.split(maxsplit=1)[1] for line in DOCKERFILE.splitlines() if line.startswith(f"{name} ")]


@pytest.mark.parametrize("service", ["web", "worker", "beat", "postgres", "valkey"])
def test_every_service_has_a_health_check(service):
    """A dead process shows."""
    assert COMPOSE["services"][service]["healthcheck"]["test"]


def test_setup_runs_before_the_app():
    """Migrations run once, before anything serves."""
    assert COMPOSE["services"]["setup"]["command"] == ["python", "manage.py", "setup"]
    for service in ("web", "worker", "beat"):
        waits = COMPOSE["services"][service]["depends_on"]["setup"]["condition"]
        assert waits == "service_completed_successfully"


def test_no_secret_in_the_compose_file():
    """A secret's variable is a *_FILE that points to a mounted secret; no address holds a password."""
    for name, service in COMPOSE["services"].items():
        for variable, value in service.get("environment", {}).items():
            if any(word in variable for word in SECRETS):
                assert variable.endswith("_FILE"), (name, variable)
                assert value.removeprefix("/run/secrets/") in service["secrets"]
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), (name, variable)
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())


def test_data_outlives_containers():
    """Database and uploads lie in named volumes; runs are read-only."""
    services = COMPOSE["services"]
    mounted = {v.split(":")[0] for s in services.values() for v in s.get("volumes", [])}
    assert {"data", "database"} <= mounted & set(COMPOSE["volumes"])
    for service in ("web", "worker"):
        assert any(v.endswith(":/runs:ro") for v in services[service]["volumes"])
    assert services["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_image_runs_unprivileged_and_bare():
    """The last stage runs as its own account, has the PDF's libraries, and no compiler or secret."""
    assert len(instructions("FROM")) == 2
    assert all(source.startswith("python:3.12-slim") for source in instructions("FROM"))
    assert instructions("USER") == ["readiness"]
    assert DOCKERFILE.index("USER readiness") < DOCKERFILE.index('CMD ["gunicorn"')
    assert "libpango-1.0-0" in DOCKERFILE
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert instructions("HEALTHCHECK")
    assert not any(word in line for line in instructions("ENV") + instructions("ARG") for word in SECRETS)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    assert not {"!var/", "!secrets/", "!.git/", "!."} & set(ignored)


@pytest.mark.parametrize("name", LOCKS)
def test_locks_are_exact_and_placeless(name):
    """Every requirement has an exact version and hashes; no address says where to get it."""
    text = (ROOT / name).read_text()
    requirements = re.split(r"\n(?=[a-z0-9])", text)
    assert len(requirements) > 50
    for requirement in requirements:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", requirement), requirement[:80]
        assert "--hash=sha256:" in requirement
    assert not re.search(r"://|--find-links|--index|--trusted-host| @ ", text)


def test_locks_agree():
    """Development runs on the versions that are deployed."""
    texts = [(ROOT / name).read_text() for name in LOCKS]
    deployed, developed = (set(re.findall(r"^([a-z0-9._-]+==\S+)", text, re.MULTILINE)) for text in texts)
    assert deployed <= developed


def test_every_setting_is_documented():
    """docs/operating.md lists what the code reads, and nothing else."""
    files = [*(ROOT / "readiness").glob("*.py"), *(ROOT / "checklists").rglob("*.py")]
    read = {name for file in files for name in READ.findall(file.read_text())}
    read.add("DATABASE_PASSWORD")  # read by env.py itself
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", OPERATING, re.MULTILINE)) == read


def test_compose_variables_are_documented():
    """Whatever the compose file takes from its surroundings is named on the operator's page."""
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert wanted
    assert all(f"`{name}`" in OPERATING for name in wanted)


def test_every_refusal_is_documented():
    """The ids in the code are those of the table."""
    names = ("checks.py", "audit_checks.py", "sso_checks.py", "startup.py")
    sources = "".join((ROOT / "checklists" / name).read_text() for name in names)
    assert set(re.findall(r"readiness\.E\d+", sources)) == set(re.findall(r"readiness\.E\d+", OPERATING))


def test_ci_is_make_test():
    """CI runs what people run."""
    lines = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line and line[0] != "#"]
    assert lines[-1] == "exec make test"


def test_make_help_names_every_target():
    """`make` alone says what there is."""
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "run", "lint", "bench", "lock"):
        assert re.search(rf"make {target}\b", said), said
