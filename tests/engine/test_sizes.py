"""engine/sizes.py: byte counts read well."""

import pytest

from readiness.engine.sizes import Bytes, size_words

CASES = {
    0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1 kB", 34_000: "34 kB", 999_400: "999 kB",
    999_600: "1 MB", 1_250_000: "1.2 MB", 536_870_912: "536.9 MB", 999_600_000: "1 GB",
    2_000_000_000_000: "2000 GB",
}  # fmt: skip


@pytest.mark.parametrize(("count", "words"), CASES.items())
def test_size_words(count, words):
    """Whole kilobytes, one decimal above, no trailing zero."""
    assert size_words(count) == words


@pytest.mark.parametrize(
    ("given", "count"),
    [(5, 5), (5e6, 5_000_000), ("1 kB", 1000), ("34kB", 34_000), ("1.5 MB", 1_500_000), ("2 GB", 2 * 10**9),
     ("512 MiB", 512 << 20), ("12 bytes", 12), ("1 byte", 1), ("7", 7)],
)  # fmt: skip
def test_bytes_read(given, count):
    """Whole numbers are bytes; sizes are read with their decimal or binary unit."""
    assert Bytes.read(given) == count


@pytest.mark.parametrize(
    "given", [-1, 1.5, True, None, "", "MB", "5 Mbit", "-1 kB", "1,5 MB", "１ kB", "0.5", [5], "inf"]
)
def test_bytes_refused(given):
    """Anything else says what a size looks like."""
    with pytest.raises(ValueError, match="5 MB"):
        Bytes.read(given)
