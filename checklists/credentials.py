"""How a signer proves, within the signing request, who they are."""

from __future__ import annotations

from dataclasses import dataclass

from checklists.errors import WrongPassword
from checklists.models import Person, Project

WRONG = "The password is wrong; nothing was signed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What came with the request. `passkey` is the browser's answer to the challenge, as JSON."""

    password: str = ""
    code: str = ""
    passkey: str = ""


def check(person: Person, project: Project | int, given: Given, challenge: str) -> tuple[str, ...]:
    """The methods that proved it, e.g. ("password", "totp"). `challenge` is 64 hex characters.

    Raises WrongPassword.
    """
    del project, challenge
    if not person.check_password(given.password):
        raise WrongPassword(WRONG, "Type the password you sign in with.")
    return ("password",)
