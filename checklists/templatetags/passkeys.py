"""What a page hands to passkey.js."""

from __future__ import annotations

import json

from django import template
from django.conf import settings

from checklists import passkeys
from checklists.models import Person

register = template.Library()


@register.filter
def as_json(value: object) -> str:
    """JSON for an attribute, which the template escapes."""
    return json.dumps(value)


@register.simple_tag
def passkey_options(person: Person, challenge: str) -> str:
    """What the browser is asked to sign with a passkey: the challenge's name, 64 hexadecimal characters."""
    return json.dumps(passkeys.options(person, challenge))


@register.simple_tag
def sso_name() -> str:
    """What the identity provider is called; empty without one."""
    return settings.OIDC_NAME if settings.OIDC_ISSUER else ""
