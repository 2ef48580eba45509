"""Limits of password attempts when signing, shared by all processes through the cache."""

from __future__ import annotations

from django.core.cache import cache

from checklists.models import Person

MOST = 5
SECONDS = 300


class Attempt:
    """One attempt of a person. Its slot is taken before the password is looked at, so parallel ones count.

    `add` of the cache writes a key only once, also between processes; each slot comes back after SECONDS.
    """

    def __init__(self, person: Person) -> None:
        self.person = person.pk
        keys = (f"signing-{person.pk}-{number}" for number in range(MOST))
        self.slot = next((key for key in keys if cache.add(key, 1, SECONDS)), None)

    @property
    def allowed(self) -> bool:
        """Whether a slot was free."""
        return self.slot is not None

    def first_refusal(self) -> bool:
        """Whether this is the first attempt in SECONDS that found no slot: the one that is logged."""
        return not self.allowed and cache.add(f"signing-{self.person}-refused", 1, SECONDS)

    def forget(self) -> None:
        """Give the slot back: the password was right, or was not what failed."""
        if self.slot:
            cache.delete(self.slot)
