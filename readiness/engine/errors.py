"""Every error the engine raises on purpose.

ReadinessError                      what went wrong, with advice
├── ChecklistError                  a Markdown checklist that cannot be used (names the line)
├── ParameterError                  a parameter that is unknown, missing or of the wrong type
├── RunDirectoryError               the run directory itself cannot be used
├── ResultError                     a stored or exported result this version cannot read
└── CheckProblem                    raised inside a check; the runner turns it into a finding
    ├── FileMissing                 FAIL for a mandatory item, SKIP for the others
    ├── NotFound                    the file is there, what is asked of it is not: like FileMissing
    ├── BadContent                  the file says something unusable: FAIL
    ├── NotAllowed                  the operator did not allow it (a host, a command): SKIP
    ├── FileRefused                 a link that leaves the directory, a device, a hard link: ERROR
    ├── FileChanged                 the bytes differ from the snapshot, or moved while read: ERROR
    ├── LimitExceeded               time, memory or size limit of the check: ERROR
    └── ExtraMissing                an optional library is not installed: ERROR
"""

from __future__ import annotations


class ReadinessError(Exception):
    """An error with a message (what is wrong) and advice (what to do); both are one sentence.

    `usual` is the advice of errors of that class that give none of their own.
    """

    usual = ""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice or self.usual

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class ChecklistError(ReadinessError):
    """A checklist that cannot be imported. `line` is 1-based, or None when the whole file is meant."""

    def __init__(self, message: str, advice: str = "", *, line: int | None = None) -> None:
        super().__init__(f"Line {line}: {message}" if line else message, advice)
        self.line = line


class ParameterError(ReadinessError):
    """A checklist or check parameter that is unknown, missing or of the wrong type."""


class RunDirectoryError(ReadinessError):
    """The run directory is missing, not a directory, outside the allowed roots, or unreadable."""


class ResultError(ReadinessError):
    """A stored JSON of another, newer schema version, or not one of ours."""


class CheckProblem(ReadinessError):
    """Something a check met in the run; the runner turns it into a finding, never into a pass.

    `isolation` is the level of the child process that it came from, or empty.
    """

    isolation: str = ""


class FileMissing(CheckProblem):
    """A file that the check needs is not in the run directory."""


class NotFound(CheckProblem):
    """The file is there, but what the check asks of it is not."""

    usual = "Write it there, or correct what the checklist looks for."


class BadContent(CheckProblem):
    """A file whose content cannot be what it claims to be; the message names file and place."""

    usual = "Write the file again with the tool that makes it."


class NotAllowed(CheckProblem):
    """The operator has not allowed what the check would do; nothing was tried."""

    usual = "Ask the operator of this installation to allow it."


class FileRefused(CheckProblem):
    """A path that is not a plain file beneath the run directory."""


class FileChanged(CheckProblem):
    """The bytes are not those of the snapshot, or changed while they were read."""


class LimitExceeded(CheckProblem):
    """The check hit its limit of time, memory or size."""

    usual = "Look at the file before trusting it, and leave out what is not needed."


class ExtraMissing(CheckProblem):
    """The check needs an optional library; the advice names the extra to install."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(
            f"This check needs {module}, which is not installed.",
            f"Install it with: pip install 'readiness[{extra}]'.",
        )
