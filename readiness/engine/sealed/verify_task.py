"""Verifies a file of anybody; runs in the limited child."""

from __future__ import annotations

import base64
import mmap
import os
from collections.abc import Mapping, Sequence
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.sealed import keys
from readiness.engine.sealed.keys import Keyring
from readiness.engine.sealed.verify import verify_any


def verify(payload: Mapping[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """The verification of the file on the first descriptor, as `result.from_dict` reads it.

    `payload` has `name`, `keys` (files of keys, maybe none) and `outside` (checkpoints by name), both in
    base64. Raises BadContent for an empty file, for keys and for checkpoints that are none.
    """
    named = [base64.b64decode(data) for data in payload["keys"]]
    ring = Keyring(tuple(key for data in named for key in keys.read(data, "the key file").keys))
    outside = {place: base64.b64decode(data) for place, data in payload["outside"].items()}
    if not os.fstat(fds[0]).st_size:
        raise BadContent(f"{payload['name']} is empty.", "Choose the file as it was downloaded.")
    # Not closed: parts of it may still be referred to, and this process ends with its answer.
    data = memoryview(mmap.mmap(fds[0], 0, access=mmap.ACCESS_READ))
    return verify_any(data, ring, outside, place=payload["name"]).to_dict()
