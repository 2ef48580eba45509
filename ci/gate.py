"""Runs a readiness gate inside a CI job, and always leaves a conclusion behind.

Everything comes from the environment (`READINESS_…`), nothing is put into a command line that a shell reads.
Whatever happens, `verdict` and `exit-code` are written, the summary says what is known, and only a report
that was really written, beside exit code 0, is "ready". Needs nothing but Python. The commands `push` and
`gate` ask a server; its token is READINESS_TOKEN in the job's environment.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

VERDICTS = {0: "ready", 1: "not-ready", 2: "wrong-usage", 3: "check-broke", 4: "undecided"}
USAGE, BROKE = 2, 3
FILES = {
    "json": "readiness.json",
    "junit": "readiness-junit.xml",
    "sarif": "readiness.sarif",
    "markdown": "readiness.md",
    "github": "annotations.txt",
}
ANSWER = "readiness-gate.json"  # of a server

# options that may be given several times, one value per line of the input
LISTS = {
    "set": "READINESS_SET",
    "allow-host": "READINESS_ALLOW_HOST",
    "allow-command": "READINESS_ALLOW_COMMAND",
}


class WrongInputError(Exception):
    """An input that cannot be understood."""


def arguments(env: Mapping[str, str], reports: Path) -> list[str]:
    """The arguments of `readiness` that the inputs ask for. Raises WrongInputError."""
    run = env.get("READINESS_RUN", "")
    if not run:
        raise WrongInputError("The input `run` is empty: name the run directory.")
    command = env.get("READINESS_COMMAND") or "check"
    given = [f"--output={name}={reports / file}" for name, file in FILES.items()]
    if flag(env, "READINESS_STRICT"):
        given.append("--strict")
    if command == "ready":
        return ["ready", f"--run={run}", *given]
    if command != "check":
        raise WrongInputError(f"The input `command` is {command!r}: write check, ready, push or gate.")
    if flag(env, "READINESS_COMPLETE"):
        given.append("--complete")
    if env.get("READINESS_CHECKLIST"):
        given.append(f"--checklist={env['READINESS_CHECKLIST']}")
    for option, name in LISTS.items():
        given += [f"--{option}={line.strip()}" for line in env.get(name, "").splitlines() if line.strip()]
    if env.get("READINESS_ISOLATION"):
        given.append(f"--isolation={env['READINESS_ISOLATION']}")
    return ["check", *given, "--", run]


def server_options(env: Mapping[str, str]) -> list[str]:
    """Which server, and which of its gates."""
    named = {"server": "READINESS_SERVER", "environment": "READINESS_GATE_ENVIRONMENT"}
    return [f"--{option}={env[name]}" for option, name in named.items() if env.get(name)]


def push_arguments(env: Mapping[str, str]) -> list[str]:
    """The arguments of `readiness push`. Raises WrongInputError."""
    if not env.get("READINESS_RUN"):
        raise WrongInputError("The input `run` is empty: name the run directory.")
    given = [f"--release={release(env)}", *server_options(env)]
    results_only = flag(env, "READINESS_RESULTS_ONLY")
    given += ["--results-only"] if results_only else []
    if env.get("READINESS_CHECKLIST"):
        given.append(f"--checklist={env['READINESS_CHECKLIST']}")
    for option, name in LISTS.items():
        if results_only or option == "set":
            given += [f"--{option}={line.strip()}" for line in env.get(name, "").splitlines() if line.strip()]
    if results_only and env.get("READINESS_ISOLATION"):
        given.append(f"--isolation={env['READINESS_ISOLATION']}")
    return ["push", *given, "--", env["READINESS_RUN"]]


def gate_arguments(env: Mapping[str, str]) -> list[str]:
    """The arguments of `readiness gate`. Raises WrongInputError."""
    given = ["--json", *server_options(env)]
    given += [f"--wait={env['READINESS_WAIT']}"] if env.get("READINESS_WAIT") else []
    given += ["--strict"] if flag(env, "READINESS_STRICT") else []
    return ["gate", *given, "--", release(env)]


def release(env: Mapping[str, str]) -> str:
    """PROJECT/VERSION. Raises WrongInputError."""
    if not env.get("READINESS_RELEASE"):
        raise WrongInputError("The input `release` is empty: write PROJECT/VERSION.")
    return env["READINESS_RELEASE"]


def flag(env: Mapping[str, str], name: str) -> bool:
    """An input of true or false; any other word is refused, so that "yes" is never read as false."""
    value = env.get(name, "").strip().lower()
    if value not in ("", "true", "false"):
        raise WrongInputError(f"The input `{name.removeprefix('READINESS_').lower()}` must be true or false.")
    return value == "true"


def reports_folder(env: Mapping[str, str]) -> Path:
    """Where the reports go, made if needed and emptied of older ones. Raises WrongInputError."""
    name = env.get("READINESS_REPORTS") or "readiness-reports"
    if "\n" in name or "\r" in name:
        raise WrongInputError("The input `reports` must be one line.")
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in (*FILES.values(), ANSWER):
            (folder / file).unlink(missing_ok=True)
    except OSError as error:
        raise WrongInputError(f"The reports cannot be written to {name}: {error.strerror}.") from None
    return folder


def judge(args: list[str], reports: Path) -> tuple[int, str]:
    """Run `readiness`; its exit code and what it said on standard error. No report: never code 0 or 1."""
    code, _, problem = started(args)
    whole = all((reports / file).is_file() for file in FILES.values())
    return (code if whole or code == USAGE else BROKE), problem


def ask(env: Mapping[str, str], reports: Path) -> tuple[int, str]:
    """Push, if that was asked for, and ask the server's gate. Only its own word "approved" is code 0."""
    gate = gate_arguments(env)
    if env.get("READINESS_COMMAND") == "push":
        code, _, problem = started(push_arguments(env))
        if code:
            return (code if code in (USAGE, BROKE) else BROKE), problem
    code, said, problem = started(gate, quiet=True)
    answer = document(said)
    if answer:
        (reports / ANSWER).write_text(said, encoding="utf-8")
    known = code in (USAGE, BROKE) or bool(answer)
    if not known or (code == 0 and answer.get("state") != "approved"):
        return BROKE, problem or "The server's gate gave no answer."
    return code, problem


def document(text: str) -> dict[str, object]:
    """The JSON object that a command printed, or an empty one."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def started(args: list[str], *, quiet: bool = False) -> tuple[int, str, str]:
    """Run `readiness`: exit code, standard output (only if `quiet`: else the log has it), standard error."""
    # a run's text must not be read as commands of the CI system
    token = secrets.token_hex(16)
    say(f"::stop-commands::{token}")
    try:
        done = subprocess.run(  # a list of arguments, no shell
            [sys.executable, "-m", "readiness", *args],
            check=False,
            # a file of the repository that is named like a module must not be imported instead
            env={**os.environ, "PYTHONSAFEPATH": "1"},
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="backslashreplace",
        )
        say(done.stderr)
    finally:
        say(f"\n::{token}::")
    code = done.returncode if done.returncode in VERDICTS else BROKE
    return code, done.stdout or "", done.stderr


def conclude(env: Mapping[str, str], code: int, reports: Path | None, problem: str) -> None:
    """Write outputs, annotations and the job's summary."""
    written = {name: reports / file for name, file in FILES.items() if reports and (reports / file).is_file()}
    outputs = {"verdict": VERDICTS[code], "exit-code": str(code)}
    outputs |= {name: str(written[name]) for name in ("json", "junit", "sarif") if name in written}
    append(env.get("GITHUB_OUTPUT"), "".join(f"{name}={value}\n" for name, value in outputs.items()))
    answer = reports / ANSWER if reports else None
    if "markdown" in written:
        summary = written["markdown"].read_text(encoding="utf-8")
        say(written["github"].read_text(encoding="utf-8"))
    elif answer and answer.is_file():
        append(env.get("GITHUB_OUTPUT"), f"json={answer}\n")
        summary = told(document(answer.read_text(encoding="utf-8")), code)
    else:
        summary = f"## ❌ Not ready: the gate could not run ({VERDICTS[code]})\n\n{fenced(problem)}\n"
        say(f"::error title=Readiness::{data(problem) or 'The gate could not run.'}")
    append(env.get("GITHUB_STEP_SUMMARY"), summary)


def told(answer: Mapping[str, object], code: int) -> str:
    """A server's answer as a summary; its text stands in a block that it cannot leave."""
    heads = {0: "## ✅ Ready: approved", 4: "## ⏳ Not decided yet"}
    lines = [
        f"{answer.get('release')} → {answer.get('environment')}: {answer.get('state')}",
        str(answer.get("url")),
    ]
    reasons = rows(document(json.dumps(answer.get("decision"))).get("reasons"))
    # what the gates say stands among the blockers already
    for one in [*rows(answer.get("blockers")), *(r for r in reasons if r.get("rule") != "gates")]:
        lines += ["", f"{one.get('title')}: {one.get('text')}"]
        lines += [f"  {one[key]}" for key in ("resolve", "fix", "url") if one.get(key)]
    if code not in (0, 4):
        say(f"::error title=Readiness::{data(str(answer.get('url')))}")
    return f"{heads.get(code, '## ❌ Not ready: blocked or declined')}\n\n{fenced(chr(10).join(lines))}\n"


def rows(found: object) -> list[Mapping[str, object]]:
    """A list of objects, whatever came."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def fenced(text: str) -> str:
    """A code block that its content cannot close."""
    longest = max((len(ticks) for ticks in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text.strip()[-4000:] or 'It said nothing.'}\n{fence}"


def data(text: str) -> str:
    """Text as the message of a workflow command."""
    return text.strip()[-1000:].replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def append(path: str | None, text: str) -> None:
    """Add to a file that the CI system named; none outside of it."""
    if path:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)


def say(text: str) -> None:
    """Print at once: our lines and those of the child keep their order."""
    print(text, flush=True)  # noqa: T201  # the job's log


def main(env: Mapping[str, str] = os.environ) -> int:
    """Run the gate and return the exit code of `readiness`."""
    code, reports, problem = BROKE, None, "The gate was interrupted."
    try:
        reports = reports_folder(env)
        asked = env.get("READINESS_COMMAND") in ("push", "gate")
        code, problem = ask(env, reports) if asked else judge(arguments(env, reports), reports)
    except WrongInputError as error:
        code, problem = USAGE, str(error)
    except OSError as error:
        problem = f"The gate could not start: {error.strerror}."
    finally:
        conclude(env, code, reports, problem)
    return code


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]  # real streams
    sys.exit(main())
