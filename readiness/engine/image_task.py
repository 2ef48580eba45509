"""Decodes a picture; runs in the limited child."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.onnx_tasks import read_fd

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")


def measure(payload: Mapping[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """`{format, width, height}` of the picture on the first descriptor. Raises BadContent."""
    from PIL import Image, UnidentifiedImageError  # an extra, and slow to import

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(read_fd(fds[0])), formats=FORMATS) as picture:
                picture.load()
                return {"format": picture.format, "width": picture.width, "height": picture.height}
    except UnidentifiedImageError:
        raise BadContent(
            f"{payload['name']} is no picture ({', '.join(FORMATS)}).", "Draw it again."
        ) from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
    ) as error:
        raise BadContent(f"{payload['name']} cannot be decoded: {error}.", "Draw it again.") from None
