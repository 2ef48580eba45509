"""Static files: named by their hash, compressed once."""

from __future__ import annotations

from typing import Any

from whitenoise.compress import Compressor  # type: ignore[import-untyped]
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]

from checklists.blobs import WholeFiles


class StaticStorage(WholeFiles, CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no types
    """Gzip only: Brotli at its best setting would hold up the first start for seconds, to save a few kB.

    Whole files: half of one is newer than its source, so that no later start would copy it again.
    """

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """A compressor without Brotli."""
        return Compressor(use_brotli=False, **kwargs)
