"""Stored files inside a bundle: read in pieces, never held whole."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import IO

from django.core.files.storage import default_storage

from checklists import blobs


class StoredFile:
    """The blob of a digest, as the ZIP wants it (canonical_zip.Kept). `size` is what its row says."""

    def __init__(self, sha256: str, size: int) -> None:
        self.sha256 = sha256
        self.size = size

    @cached_property
    def crc(self) -> int:
        """CRC-32 of the bytes. Raises BlobError for a blob that is gone or no longer matches its name."""
        crc, digest, size = 0, hashlib.sha256(), 0
        for piece in self.pieces():
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            digest.update(piece)
        if (digest.hexdigest(), size) != (self.sha256, self.size):
            raise blobs.BlobError(
                f"The stored file {self.sha256[:12]}… was changed.", "Restore it from a backup."
            )
        return crc

    def check(self) -> None:
        """Read it once. Raises BlobError as `crc`."""
        _ = self.crc

    def open(self) -> IO[bytes]:
        """The file, at its beginning."""
        file: IO[bytes] = default_storage.open(blobs.path_of(self.sha256))
        return file

    def pieces(self) -> Iterator[bytes]:
        """The bytes from the beginning. Raises BlobError for a blob that is gone."""
        return blobs.chunks(self.sha256)
