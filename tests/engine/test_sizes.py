"""engine/sizes.py: byte counts read well."""

import pytest

from readiness.engine.sizes import size_words

CASES = {
    0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1 kB", 34_000: "34 kB", 999_400: "999 kB",
    999_600: "1 MB", 1_250_000: "1.2 MB", 536_870_912: "536.9 MB", 999_600_000: "1 GB",
    2_000_000_000_000: "2000 GB",
}  # fmt: skip


@pytest.mark.parametrize(("count", "words"), CASES.items())
def test_size_words(count, words):
    """Whole kilobytes, one decimal above, no trailing zero."""
    assert size_words(count) == words
