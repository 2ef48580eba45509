"""How a signer proves, within the signing request, who they are."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings

from checklists import passkeys
from checklists.errors import Refused, WrongPassword
from checklists.models import Identity, Person, Project

Type = Authenticator.Type
WRONG = "The password is wrong; nothing was signed."
WRONG_ADVICE = "Type the password you sign in with."
NO_CODE = "Your account has a second factor, and it is needed to sign; nothing was signed."
NO_CODE_ADVICE = "Type the code of your authenticator app, or a recovery code."
NO_PASSKEY_ADVICE = "Use the button for your passkey, or type a recovery code."
BAD_CODE = "The code is wrong or was used already; nothing was signed."
BAD_CODE_ADVICE = "Wait for the next code of your authenticator app, or use a recovery code that is left."
MISSING = "This project asks for a second factor, and your account has none."
MISSING_ADVICE = "Add an authenticator app or a passkey on your page “Security”, then sign."
NO_WAY = "Your account has no password, and single sign-on is not set up here for it."
NO_WAY_ADVICE = "Ask an administrator to link your account or to set a password."
ELSEWHERE = "You sign in at {name}, so that is where you confirm a signature."
ELSEWHERE_ADVICE = "Press the button; you come back here afterwards."


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a person just signed in at the identity provider for one challenge. Made by the sso modules.

    `also` are the methods that were checked before the person was sent there; `strong` is whether the
    provider says that it asked for more than one factor.
    """

    person: int
    challenge: str
    also: tuple[str, ...] = ()
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What came with the request. `passkey` is the browser's answer to the challenge, as JSON."""

    password: str = ""
    code: str = ""
    passkey: str = ""
    sso: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a person is asked for in a project. `missing` says what stands in the way, empty for nothing."""

    password: bool
    totp: bool
    passkey: bool
    recovery: bool
    sso: bool
    missing: str = ""
    advice: str = ""

    @property
    def second(self) -> bool:
        """Whether a second factor is asked for here."""
        return self.totp or self.passkey

    @property
    def provider(self) -> str:
        """What the identity provider is called."""
        return str(settings.OIDC_NAME)


def needs(person: Person, project: Project | int) -> Needs:
    """What the person must give to sign in this project: two queries, three for who has no password."""
    demanded = _demanded(project)
    kinds = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    password = person.has_usable_password()
    sso = not password and bool(settings.OIDC_ISSUER) and linked(person)
    missing = advice = ""
    if not password and not sso:
        missing, advice = NO_WAY, NO_WAY_ADVICE
    elif password and demanded and not kinds & {Type.TOTP, Type.WEBAUTHN}:
        missing, advice = MISSING, MISSING_ADVICE
    return Needs(
        password=password,
        totp=Type.TOTP in kinds,
        passkey=Type.WEBAUTHN in kinds,
        recovery=Type.RECOVERY_CODES in kinds,
        sso=sso,
        missing=missing,
        advice=advice,
    )


def linked(person: Person) -> bool:
    """Whether the person signs in at the present identity provider."""
    return Identity.objects.filter(person=person, issuer=settings.OIDC_ISSUER).exists()


def check(person: Person, project: Project | int, given: Given, challenge: str) -> tuple[str, ...]:
    """The methods that proved it, e.g. ("password", "totp"). `challenge` is 64 hex characters.

    Raises WrongPassword; Refused where the project asks for a second factor that the person lacks.
    """
    needed = needs(person, project)
    if needed.missing:
        raise Refused(needed.missing, needed.advice)
    if needed.sso:
        return _by_provider(person, project, needed, given, challenge)
    if not person.check_password(given.password):
        raise WrongPassword(WRONG, WRONG_ADVICE)
    return ("password", *second(person, needed, given, challenge))


def second(person: Person, needed: Needs, given: Given, challenge: str) -> tuple[str, ...]:
    """The second factor that was given, checked and, if a code, used up; empty when none is needed.

    Raises WrongPassword.
    """
    if not needed.second:
        return ()
    if given.passkey and needed.passkey:
        passkeys.check(person, challenge, given.passkey)
        return ("passkey",)
    code = "".join(given.code.split())
    if not code:
        raise WrongPassword(NO_CODE, NO_CODE_ADVICE if needed.totp else NO_PASSKEY_ADVICE)
    names = {Type.TOTP.value: "totp", Type.RECOVERY_CODES.value: "recovery-code"}
    rows = Authenticator.objects.filter(user=person, type__in=names).order_by("-type")
    for row in rows:  # the app's code first: it is the usual one
        if row.wrap().validate_code(code):
            row.record_usage()
            return (names[row.type],)
    raise WrongPassword(BAD_CODE, BAD_CODE_ADVICE)


def _by_provider(
    person: Person, project: Project | int, needed: Needs, given: Given, challenge: str
) -> tuple[str, ...]:
    proof = given.sso
    if proof is None or (proof.person, proof.challenge) != (person.pk, challenge):
        raise WrongPassword(ELSEWHERE.format(name=settings.OIDC_NAME), ELSEWHERE_ADVICE)
    if needed.second and not proof.also:
        raise WrongPassword(NO_CODE, NO_CODE_ADVICE if needed.totp else NO_PASSKEY_ADVICE)
    if _demanded(project) and not proof.also and not proof.strong:
        raise Refused(MISSING, MISSING_ADVICE)
    return (*proof.also, "sso")


def _demanded(project: Project | int) -> bool:
    row = Project.objects.get(pk=project) if isinstance(project, int) else project
    return row.second_factor
